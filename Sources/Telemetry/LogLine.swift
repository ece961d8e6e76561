internal import JSON
internal import Time

/// One line before it is bytes.
struct LogLine {
    let time: Timestamp
    let level: Log.Level
    let message: String
    let context: Log.Context
    let fields: JSON.Object

    /// Of a line with its newline.
    static let limit = 256 << 10
    /// What the end of a line needs when it was cut.
    private static let reserve = 64
    /// Of one of the ids, which come from outside.
    private static let idLimit = 4 << 10

    func encoded(as format: Log.Format) -> [UInt8] {
        switch format {
        case .json: json()
        case .text: text()
        }
    }

    private static let reserved: Set<String> = [
        "timestamp", "level", "message", "requestId", "tenantId", "traceId", "truncated",
    ]

    private func json() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes += #"{"timestamp":""#.utf8
        bytes += time.rfc3339.utf8
        bytes += #"","level":""#.utf8
        bytes += level.name.utf8
        bytes += #"","message":"#.utf8
        // A message may take half the line: what is beside it often says more.
        var isCut = Self.append(Redaction.redact(message), to: &bytes, limit: Self.limit / 2)
        for (name, id) in [
            ("requestId", context.requestID), ("tenantId", context.tenantID), ("traceId", context.traceID),
        ] {
            guard let id else { continue }
            bytes += ",\"\(name)\":".utf8
            if Self.append(id, to: &bytes, limit: Self.idLimit) { isCut = true }
        }
        for (key, value) in fields {
            let name = JSON.string(Self.reserved.contains(key) ? key + "_" : key).serialized()
            let value = Redaction.redact(value, key: key)
            let room = Self.limit - Self.reserve - bytes.count - name.count - 2
            let encoded = value.serialized()
            if encoded.count <= room {
                bytes += [UInt8(ascii: ",")] + name + [UInt8(ascii: ":")] + encoded
            } else {
                isCut = true
                guard room > Self.reserve else { continue }
                bytes += [UInt8(ascii: ",")] + name + [UInt8(ascii: ":")]
                _ = Self.append(value.string ?? value.text, to: &bytes, limit: room)
            }
        }
        bytes += (isCut ? ",\"truncated\":true}\n" : "}\n").utf8
        return bytes
    }

    /// `2026-11-21T05:26:36.123Z INFO requestId message key=value`: still one line, whatever the message holds.
    private func text() -> [UInt8] {
        var line = "\(time.rfc3339) \(level.name)"
        if let id = context.requestID { line += " \(id)" }
        line += " \(Redaction.redact(message))"
        for (key, value) in fields {
            let value = Redaction.redact(value, key: key)
            line += " \(key)=\(value.string ?? value.text)"
        }
        var bytes: [UInt8] = []
        for byte in line.utf8 {
            switch byte {
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0..<0x20 where byte != 0x09: bytes.append(UInt8(ascii: "?"))
            default: bytes.append(byte)
            }
        }
        if bytes.count >= Self.limit {
            var end = Self.limit - Self.reserve
            while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
            bytes.removeSubrange(end...)
            bytes += " [truncated]".utf8
        }
        return bytes + [0x0A]
    }

    /// Appends a JSON string of at most `limit` bytes, quotes and escapes counted, and says whether it had to be cut.
    private static func append(_ text: String, to bytes: inout [UInt8], limit: Int) -> Bool {
        let encoded = JSON.string(text).serialized()
        guard encoded.count > limit else {
            bytes += encoded
            return false
        }
        var kept = String.UnicodeScalarView()
        var room = limit - 2
        for scalar in text.unicodeScalars {
            let size =
                scalar.value < 0x20 ? 6 : UTF8.width(scalar) + (scalar == "\"" || scalar == "\\" ? 1 : 0)
            guard size <= room else { break }
            room -= size
            kept.append(scalar)
        }
        bytes += JSON.string(String(kept)).serialized()
        return true
    }
}
