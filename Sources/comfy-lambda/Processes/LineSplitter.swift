/// Bytes in pieces to lines of text.
struct LineSplitter {
    /// A line longer than this is cut: a child must not fill this process's memory. Lambda cuts at 256 KB too.
    static let limit = 256 << 10
    private var pending: [UInt8] = []

    /// The lines that these bytes complete, without newline or carriage return; bytes that are no UTF-8 are repaired.
    mutating func append(_ bytes: ArraySlice<UInt8>) -> [String] {
        var lines: [String] = []
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            pending += rest[..<end]
            lines.append(takeLine())
            rest = rest[(end + 1)...]
        }
        pending += rest
        while pending.count > Self.limit {
            let tail = Array(pending[Self.limit...])
            pending.removeSubrange(Self.limit...)
            lines.append(takeLine())
            pending = tail
        }
        return lines
    }

    /// What stood after the last newline; nil when nothing did.
    var rest: String? { pending.isEmpty ? nil : String(decoding: pending, as: UTF8.self) }

    private mutating func takeLine() -> String {
        if pending.last == UInt8(ascii: "\r") { pending.removeLast() }
        defer { pending.removeAll(keepingCapacity: true) }
        return String(decoding: pending, as: UTF8.self)
    }
}
