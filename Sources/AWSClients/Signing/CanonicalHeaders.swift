import HTTP

/// The headers' part of a canonical request: lower-case names, sorted; values trimmed, inner white space collapsed,
/// repeated ones joined by commas in the order written.
struct CanonicalHeaders {
    /// `name:value\n` for each.
    private(set) var lines: [UInt8] = []
    /// `a;b;c`
    private(set) var names: [UInt8] = []

    /// Left unsigned, because a proxy or libcurl may change or add them on the way.
    private static let unsigned = [
        "accept-encoding", "authorization", "connection", "expect", "transfer-encoding", "user-agent",
        "x-amzn-trace-id",
    ].map { Array($0.utf8) }

    private static let host = Array("host".utf8)

    /// Where one header stands in the buffer of all.
    private struct Field {
        var name: Range<Int>
        var end: Int
        var value: Range<Int> { name.upperBound..<end }
    }

    /// `host` is signed too unless the headers name one.
    init(_ headers: HTTPHeaders, host: String? = nil) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        var fields: [Field] = []
        fields.reserveCapacity(16)
        for (name, value) in headers { Self.add(name, value, to: &bytes, &fields) }
        if let host, !fields.contains(where: { Self.equals(bytes, $0.name, Self.host) }) {
            Self.add("host", host, to: &bytes, &fields)
        }
        lines.reserveCapacity(bytes.count + 2 * fields.count)
        names.reserveCapacity(256)
        for index in fields.indices {
            let field = fields[index]
            if index > 0, bytes.compare(fields[index - 1].name, field.name) == 0 {
                lines[lines.count - 1] = UInt8(ascii: ",")
            } else {
                if index > 0 { names.append(UInt8(ascii: ";")) }
                names.append(contentsOf: bytes[field.name])
                lines.append(contentsOf: bytes[field.name])
                lines.append(UInt8(ascii: ":"))
            }
            lines.append(contentsOf: bytes[field.value])
            lines.append(UInt8(ascii: "\n"))
        }
    }

    /// Behind those of the same name: repeated headers keep their order.
    private static func add(_ name: String, _ value: String, to bytes: inout [UInt8], _ fields: inout [Field])
    {
        let start = bytes.count
        bytes.append(contentsOf: name.utf8)
        let range = start..<bytes.count
        for index in range where bytes[index] &- 0x41 < 26 { bytes[index] |= 0x20 }
        for name in unsigned where equals(bytes, range, name) {
            bytes.removeSubrange(range)
            return
        }
        append(value, to: &bytes)
        var place = fields.count
        while place > 0, bytes.compare(range, fields[place - 1].name) < 0 { place -= 1 }
        fields.insert(Field(name: range, end: bytes.count), at: place)
    }

    private static func equals(_ bytes: [UInt8], _ range: Range<Int>, _ name: [UInt8]) -> Bool {
        guard range.count == name.count else { return false }
        for (index, byte) in zip(range, name) where bytes[index] != byte { return false }
        return true
    }

    /// White space is what botocore takes for it: folded header lines and tabs collapse like spaces.
    private static func append(_ value: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: value.utf8)
        guard needsCollapsing(bytes.span.extracting(start...)) else { return }
        var end = start
        var gap = false
        for index in start..<bytes.count {
            let byte = bytes[index]
            if isSpace(byte) {
                gap = end > start
                continue
            }
            if gap {
                bytes[end] = 0x20
                end += 1
            }
            bytes[end] = byte
            end += 1
            gap = false
        }
        bytes.removeSubrange(end...)
    }

    /// Whether there is white space that is not one space between two words.
    private static func needsCollapsing(_ value: Span<UInt8>) -> Bool {
        var before = true
        for index in value.indices {
            let byte = value[index]
            let isSpace = isSpace(byte)
            if isSpace, before || byte != 0x20 { return true }
            before = isSpace
        }
        return before && value.count > 0
    }

    @inline(__always) private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
