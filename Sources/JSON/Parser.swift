extension JSON {
    /// Parses one JSON text (RFC 8259), strictly: no comments, no trailing commas, no byte order mark, nothing after the value.
    ///
    /// Of duplicate keys the last wins, as in Python and so in ComfyUI. A `\u` escape of half a surrogate pair, which the
    /// grammar allows and Unicode cannot say, becomes U+FFFD, as in a browser: Python writes one for an odd file name, and one such
    /// name must not make a whole list of models unreadable.
    /// - Parameter bytes: the whole document, UTF-8.
    /// - Parameter maximumDepth: how many arrays and objects may stand inside one another; each costs stack.
    /// - Parameter uniqueKeys: a duplicate key is an error: for documents that two readers must not read differently.
    public init(parsing bytes: [UInt8], maximumDepth: Int = 512, uniqueKeys: Bool = false)
        throws(ParseError)
    {
        var parser = Parser(maximumDepth: maximumDepth, uniqueKeys: uniqueKeys)
        self = try parser.document(bytes.span)
    }

    /// Parses the UTF-8 of `text`: see `init(parsing:maximumDepth:)` for bytes.
    public init(parsing text: String, maximumDepth: Int = 512) throws(ParseError) {
        var parser = Parser(maximumDepth: maximumDepth, uniqueKeys: false)
        self = try parser.document(text.utf8.span)
    }
}

/// A recursive-descent parser. It holds only where it stands; the bytes are lent to each step.
private struct Parser {
    private var position = 0
    private var depth = 0
    private let maximumDepth: Int
    private let uniqueKeys: Bool

    init(maximumDepth: Int, uniqueKeys: Bool) {
        self.maximumDepth = maximumDepth
        self.uniqueKeys = uniqueKeys
    }

    mutating func document(_ bytes: Span<UInt8>) throws(JSON.ParseError) -> JSON {
        let value = try value(bytes)
        skipSpace(bytes)
        guard position == bytes.count else { throw failure("unexpected text after the value") }
        return value
    }

    private mutating func value(_ bytes: Span<UInt8>) throws(JSON.ParseError) -> JSON {
        skipSpace(bytes)
        guard position < bytes.count else { throw failure("unexpected end") }
        switch bytes[position] {
        case .quote:
            position += 1
            return .string(try string(bytes))
        case .openBrace: return .object(try object(bytes))
        case .openBracket: return .array(try array(bytes))
        case .minus, 0x30...0x39: return .number(try number(bytes))
        case UInt8(ascii: "t"):
            try word("true", bytes)
            return .bool(true)
        case UInt8(ascii: "f"):
            try word("false", bytes)
            return .bool(false)
        case UInt8(ascii: "n"):
            try word("null", bytes)
            return .null
        default: throw failure("unexpected character")
        }
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(JSON.ParseError) -> JSON.Object {
        try descend()
        var members = JSON.Object()
        skipSpace(bytes)
        if take(.closeBrace, bytes) { return ascend(members) }
        while true {
            skipSpace(bytes)
            guard take(.quote, bytes) else { throw expected("a key", bytes) }
            let start = position - 1
            let key = try string(bytes)
            if uniqueKeys, members[key] != nil { throw failure("duplicate key", at: start) }
            skipSpace(bytes)
            guard take(.colon, bytes) else { throw expected("':'", bytes) }
            members.set(key, try value(bytes))
            skipSpace(bytes)
            if take(.comma, bytes) { continue }
            guard take(.closeBrace, bytes) else { throw expected("',' or '}'", bytes) }
            return ascend(members)
        }
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(JSON.ParseError) -> [JSON] {
        try descend()
        var elements: [JSON] = []
        skipSpace(bytes)
        if take(.closeBracket, bytes) { return ascend(elements) }
        while true {
            elements.append(try value(bytes))
            skipSpace(bytes)
            if take(.comma, bytes) { continue }
            guard take(.closeBracket, bytes) else { throw expected("',' or ']'", bytes) }
            return ascend(elements)
        }
    }

    /// Steps over an opening bracket.
    private mutating func descend() throws(JSON.ParseError) {
        guard depth < maximumDepth else { throw failure("nested deeper than \(maximumDepth)") }
        depth += 1
        position += 1
    }

    private mutating func ascend<T>(_ container: T) -> T {
        depth -= 1
        return container
    }

    private mutating func word(_ word: StaticString, _ bytes: Span<UInt8>) throws(JSON.ParseError) {
        let start = position
        for character in word.description.utf8 {
            guard take(character, bytes) else { throw failure("expected '\(word)'", at: start) }
        }
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(JSON.ParseError) -> JSON.Number {
        let start = position
        _ = take(.minus, bytes)
        if !take(.zero, bytes) { try digits(bytes) }
        if take(.point, bytes) { try digits(bytes) }
        if take(.lowerE, bytes) || take(.upperE, bytes) {
            if !take(.plus, bytes) { _ = take(.minus, bytes) }
            try digits(bytes)
        }
        return JSON.Number(verified: try text(bytes, start..<position))
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(JSON.ParseError) {
        let start = position
        while position < bytes.count, bytes[position].isDigit { position += 1 }
        guard position > start else { throw expected("a digit", bytes) }
    }

    /// The string whose opening quote has been read.
    private mutating func string(_ bytes: Span<UInt8>) throws(JSON.ParseError) -> String {
        let start = position
        position = bytes.endOfPlainText(from: start)
        guard position < bytes.count else { throw failure("unterminated string", at: start - 1) }
        switch bytes[position] {
        case .quote:
            let text = try text(bytes, start..<position)
            position += 1
            return text
        case .backslash: return try escapedString(bytes, from: start)
        default: throw failure("control character in a string")
        }
    }

    /// The rest of a string that has an escape at `position`. Pieces between escapes are checked as they are copied.
    private mutating func escapedString(_ bytes: Span<UInt8>, from start: Int) throws(JSON.ParseError)
        -> String
    {
        var result = try text(bytes, start..<position)
        while position < bytes.count {
            let pieceStart = position
            position = bytes.endOfPlainText(from: position)
            if position > pieceStart { result += try text(bytes, pieceStart..<position) }
            if take(.quote, bytes) { return result }
            guard position < bytes.count else { break }
            guard take(.backslash, bytes) else { throw failure("control character in a string") }
            result.unicodeScalars.append(try escape(bytes))
        }
        throw failure("unterminated string", at: start - 1)
    }

    /// The character of an escape whose backslash has been read.
    private mutating func escape(_ bytes: Span<UInt8>) throws(JSON.ParseError) -> Unicode.Scalar {
        guard position < bytes.count else { throw failure("unexpected end") }
        position += 1
        switch bytes[position - 1] {
        case .quote: return "\""
        case .backslash: return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape(bytes)
        default: throw failure("unknown escape", at: position - 2)
        }
    }

    private mutating func unicodeEscape(_ bytes: Span<UInt8>) throws(JSON.ParseError) -> Unicode.Scalar {
        let unit = try hexUnit(bytes)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        let low = position
        guard UTF16.isLeadSurrogate(unit), take(.backslash, bytes), take(UInt8(ascii: "u"), bytes) else {
            position = low
            return "\u{FFFD}"
        }
        let second = try hexUnit(bytes)
        guard UTF16.isTrailSurrogate(second) else {
            position = low
            return "\u{FFFD}"
        }
        let code = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(second & 0x3FF))
        return Unicode.Scalar(code) ?? "\u{FFFD}"
    }

    private mutating func hexUnit(_ bytes: Span<UInt8>) throws(JSON.ParseError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = hexDigitValue(bytes[position]) else {
                throw failure("a '\\u' escape has four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private func hexDigitValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private func text(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(JSON.ParseError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes.extracting(range)))
        } catch {
            throw failure("invalid UTF-8", at: range.lowerBound + error.byteOffsets.lowerBound)
        }
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private func expected(_ what: String, _ bytes: Span<UInt8>) -> JSON.ParseError {
        failure(position < bytes.count ? "expected \(what)" : "unexpected end")
    }

    private func failure(_ message: String, at offset: Int? = nil) -> JSON.ParseError {
        JSON.ParseError(message: message, offset: offset ?? position)
    }
}
