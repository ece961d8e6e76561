/// One line of a response's head.
enum ResponseHeadLine: Equatable {
    case status(Int)
    case field(name: String, value: String)
    /// The blank line.
    case end
    /// No colon in it.
    case malformed

    /// The line with or without its line break.
    init(_ line: some BidirectionalCollection<UInt8>) {
        var bytes = line[...]
        while let last = bytes.last, last == 0x0D || last == 0x0A { bytes.removeLast() }
        if bytes.isEmpty {
            self = .end
        } else if bytes.starts(with: "HTTP/".utf8) {
            let code = bytes.split(separator: 0x20, maxSplits: 2).dropFirst().first
            self = code.flatMap { Int(String(decoding: $0, as: UTF8.self)) }.map { .status($0) } ?? .malformed
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            let name = String(decoding: bytes[..<colon], as: UTF8.self)
            var value = bytes[bytes.index(after: colon)...]
            // Without the blanks around it (RFC 9110 §5.5).
            while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
            while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
            self = .field(name: name, value: String(decoding: value, as: UTF8.self))
        } else {
            self = .malformed
        }
    }
}
