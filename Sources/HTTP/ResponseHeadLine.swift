import Glibc

/// One line of a response's head.
enum ResponseHeadLine: Equatable {
    case status(Int)
    case field(name: String, value: String)
    /// The blank line.
    case end
    /// No colon in it.
    case malformed

    /// The line with or without its line break.
    init(_ line: borrowing Span<UInt8>, _ known: KnownTexts = .none) {
        let end = Self.end(line, 0, line.count) { $0 == 0x0D || $0 == 0x0A }
        if end == 0 {
            self = .end
        } else if Self.isStatusLine(line, end) {
            self = Self.status(line, end).map { .status($0) } ?? .malformed
        } else if let colon = Self.index(of: UInt8(ascii: ":"), line, 0, end) {
            // Without the blanks around the value (RFC 9110 §5.5).
            var start = colon + 1
            while start < end, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
            let last = Self.end(line, start, end) { $0 == 0x20 || $0 == 0x09 }
            self = .field(
                name: known.text(line.extracting(0..<colon)),
                value: known.text(line.extracting(start..<last)))
        } else {
            self = .malformed
        }
    }

    private static func isStatusLine(_ line: borrowing Span<UInt8>, _ end: Int) -> Bool {
        let prefix: StaticString = "HTTP/"
        guard end >= prefix.utf8CodeUnitCount else { return false }
        return line[0] == UInt8(ascii: "H") && line[1] == UInt8(ascii: "T") && line[2] == UInt8(ascii: "T")
            && line[3] == UInt8(ascii: "P") && line[4] == UInt8(ascii: "/")
    }

    /// The number between the first blank and the second.
    private static func status(_ line: borrowing Span<UInt8>, _ end: Int) -> Int? {
        guard let blank = index(of: 0x20, line, 0, end) else { return nil }
        let last = index(of: 0x20, line, blank + 1, end) ?? end
        guard last - blank == 4 else { return nil }
        var status = 0
        for position in blank + 1..<last {
            let digit = line[position] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            status = status * 10 + Int(digit)
        }
        return status
    }

    private static func index(of byte: UInt8, _ line: borrowing Span<UInt8>, _ start: Int, _ end: Int) -> Int?
    {
        unsafe line.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), end - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// Where the bytes end that are followed by nothing but what `isDropped`.
    private static func end(
        _ line: borrowing Span<UInt8>, _ start: Int, _ end: Int, _ isDropped: (UInt8) -> Bool
    ) -> Int {
        var end = end
        while end > start, isDropped(line[end - 1]) { end -= 1 }
        return end
    }
}

extension String {
    /// The bytes as UTF-8; what is none becomes the replacement character.
    init(repairing bytes: borrowing Span<UInt8>) {
        if let text = try? UTF8Span(validating: copy bytes) {
            self.init(copying: text)
        } else {
            self.init(decoding: Array(bytes), as: UTF8.self)
        }
    }
}

extension Array<UInt8> {
    /// A copy of a span's bytes.
    fileprivate init(_ bytes: borrowing Span<UInt8>) {
        self.init(capacity: bytes.count) { output in
            for index in bytes.indices { output.append(bytes[index]) }
        }
    }
}
