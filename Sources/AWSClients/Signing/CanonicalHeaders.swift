/// The headers' part of a canonical request: lower-case names, sorted; values trimmed, inner white space collapsed,
/// repeated ones joined by commas in the order written.
struct CanonicalHeaders {
    /// `name:value\n` for each.
    private(set) var lines: [UInt8] = []
    /// `a;b;c`
    private(set) var names = ""

    /// Left unsigned, because a proxy or libcurl may change or add them on the way.
    static let unsigned: Set<String> = [
        "accept-encoding", "authorization", "connection", "expect", "transfer-encoding", "user-agent",
        "x-amzn-trace-id",
    ]

    init(_ headers: some Sequence<(name: String, value: String)>) {
        var fields: [(name: String, value: [UInt8])] = []
        for (name, value) in headers {
            let name = name.lowercased()
            if Self.unsigned.contains(name) { continue }
            if let index = fields.firstIndex(where: { $0.name == name }) {
                fields[index].value.append(UInt8(ascii: ","))
                Self.append(value, to: &fields[index].value)
            } else {
                var bytes: [UInt8] = []
                Self.append(value, to: &bytes)
                fields.append((name, bytes))
            }
        }
        fields.sort { $0.name < $1.name }
        for (name, value) in fields {
            lines.append(contentsOf: name.utf8)
            lines.append(UInt8(ascii: ":"))
            lines.append(contentsOf: value)
            lines.append(UInt8(ascii: "\n"))
        }
        names = fields.map(\.name).joined(separator: ";")
    }

    /// White space is what botocore takes for it: folded header lines and tabs collapse like spaces.
    private static func append(_ value: String, to bytes: inout [UInt8]) {
        var gap = false
        var begun = false
        for byte in value.utf8 {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D:
                gap = begun
            default:
                if gap { bytes.append(0x20) }
                bytes.append(byte)
                (gap, begun) = (false, true)
            }
        }
    }
}
