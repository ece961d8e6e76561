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

    private struct Field {
        /// Where its name stands among all names.
        var name: Range<Int>
        var value: String
    }

    /// `host` is signed too unless the headers name one.
    init(_ headers: HTTPHeaders, host: String? = nil) {
        var allNames: [UInt8] = []
        allNames.reserveCapacity(256)
        var fields: [Field] = []
        fields.reserveCapacity(16)
        var namesHost = false
        for (name, value) in headers {
            if let field = Self.field(name, value, &allNames) {
                namesHost = namesHost || allNames[field.name].elementsEqual("host".utf8)
                Self.insert(field, into: &fields, allNames)
            }
        }
        if !namesHost, let host, let field = Self.field("host", host, &allNames) {
            Self.insert(field, into: &fields, allNames)
        }
        lines.reserveCapacity(512)
        names.reserveCapacity(allNames.count + fields.count)
        for index in fields.indices {
            let field = fields[index]
            if index > 0, allNames.compare(fields[index - 1].name, field.name) == 0 {
                lines[lines.count - 1] = UInt8(ascii: ",")
            } else {
                if index > 0 { names.append(UInt8(ascii: ";")) }
                names.append(contentsOf: allNames[field.name])
                lines.append(contentsOf: allNames[field.name])
                lines.append(UInt8(ascii: ":"))
            }
            Self.append(field.value.utf8.span, to: &lines)
            lines.append(UInt8(ascii: "\n"))
        }
    }

    /// nil for a header that is not signed.
    private static func field(_ name: String, _ value: String, _ allNames: inout [UInt8]) -> Field? {
        let start = allNames.count
        let bytes = name.utf8.span
        for index in bytes.indices {
            let byte = bytes[index]
            allNames.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
        }
        let range = start..<allNames.count
        if unsigned.contains(where: { $0.count == range.count && $0.elementsEqual(allNames[range]) }) {
            allNames.removeSubrange(range)
            return nil
        }
        return Field(name: range, value: value)
    }

    /// Behind those of the same name: repeated headers keep their order.
    private static func insert(_ field: Field, into fields: inout [Field], _ allNames: [UInt8]) {
        var place = fields.count
        while place > 0, allNames.compare(field.name, fields[place - 1].name) < 0 { place -= 1 }
        fields.insert(field, at: place)
    }

    /// White space is what botocore takes for it: folded header lines and tabs collapse like spaces.
    private static func append(_ value: Span<UInt8>, to bytes: inout [UInt8]) {
        var gap = false
        var begun = false
        for index in value.indices {
            let byte = value[index]
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
