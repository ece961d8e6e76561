/// A route's path, `/v1/jobs/{id}/cancel`: literal segments and named ones, each of which takes exactly one segment.
struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    /// A part between slashes.
    enum Segment: Sendable, Hashable {
        case literal(Substring)
        case parameter(String)
    }

    let description: String
    let segments: [Segment]
    /// The more literal segments, the more exact a match: `/v1/generate/batch` goes before `/v1/generate/{id}`.
    let literals: Int

    init(_ text: String) {
        description = text
        segments = text.split(separator: "/").map {
            $0.hasPrefix("{") && $0.hasSuffix("}")
                ? .parameter(String($0.dropFirst().dropLast())) : .literal($0)
        }
        literals = segments.count { if case .literal = $0 { true } else { false } }
    }

    /// The names of the named segments, in order.
    var parameters: [String] {
        segments.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// The named segments' values; nil when the path is another.
    func match(_ path: [Substring]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, segment) in zip(path, segments) {
            switch segment {
            case .literal(let text): if part != text { return nil }
            case .parameter(let name):
                if part.isEmpty { return nil }
                parameters[name] = String(part)
            }
        }
        return parameters
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
