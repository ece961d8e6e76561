/// A route's path, `/v1/jobs/{id}/cancel`: literal segments and named ones, each of which takes exactly one segment.
///
/// Read as it is matched, not when it is made: a start makes a pattern for every route and needs none of them.
struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    let description: String

    init(_ text: String) { description = text }

    /// The more literal segments, the more exact a match: `/v1/generate/batch` goes before `/v1/generate/{id}`.
    var literals: Int { segments.count { Self.name(of: $0) == nil } }

    /// The names of the named segments, in order.
    var parameters: [String] { segments.compactMap { Self.name(of: $0) } }

    /// The named segments' values; nil when the path is another.
    func match(_ path: [Substring]) -> [String: String]? {
        var parameters: [String: String] = [:]
        var parts = path[...]
        for segment in segments {
            guard let part = parts.popFirst() else { return nil }
            if let name = Self.name(of: segment) {
                if part.isEmpty { return nil }
                parameters[name] = String(part)
            } else if part != segment {
                return nil
            }
        }
        return parts.isEmpty ? parameters : nil
    }

    /// What a named segment is called; nil for a literal one.
    private static func name(of segment: Substring) -> String? {
        segment.utf8.first == UInt8(ascii: "{") ? String(segment.dropFirst().dropLast()) : nil
    }

    private var segments: Segments { Segments(rest: description[...]) }

    /// The parts behind the slashes.
    private struct Segments: Sequence, IteratorProtocol {
        var rest: Substring

        mutating func next() -> Substring? {
            guard !rest.isEmpty else { return nil }
            let start = rest.utf8.index(after: rest.startIndex)
            let end = rest.utf8[start...].firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            defer { rest = rest[end...] }
            return rest[start..<end]
        }
    }

    /// A request path in segments: `/api` in front and one slash at the end make no difference.
    static func split(_ path: String) -> [Substring] {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if parts.first?.isEmpty == true { parts.removeFirst() }
        if parts.last?.isEmpty == true { parts.removeLast() }
        if parts.first == "api" { parts.removeFirst() }
        return parts
    }
}
