/// Finds secrets in a text in one pass.
struct SecretScanner {
    let bytes: [UInt8]
    private var position = 0
    private var found: [Range<Int>] = []
    /// Where the word before `position` begins and ends.
    private var word = 0..<0

    /// What a web token was sought in holds no shorter one: a text is not searched twice.
    private var noWebTokenBefore = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// In order, without overlap, none empty.
    mutating func secrets() -> [Range<Int>] {
        while position < bytes.count {
            if Self.isNameByte(bytes[position]) {
                readWord()
            } else {
                readSeparator()
            }
        }
        return found
    }

    private mutating func readWord() {
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        word = start..<position
        if isScheme(word), position < bytes.count, bytes[position] == UInt8(ascii: " ") {
            let value = position + 1
            var end = value
            while end < bytes.count, Self.isTokenByte(bytes[end]) { end += 1 }
            if end - value >= 8 { hide(value..<end) }
        } else if isWebToken(from: start) {
            var end = start
            while end < bytes.count, Self.isTokenByte(bytes[end]) { end += 1 }
            hide(start..<end)
        }
    }

    /// Steps over `=`, `:` or `%3D`, with the quotes that may close a name before it, or over what is none of them.
    private mutating func readSeparator() {
        let isNameBefore = word.upperBound == position && !word.isEmpty
        while position < bytes.count,
            bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "\\")
        {
            position += 1
        }
        guard position < bytes.count else { return }
        let isColon = bytes[position] == UInt8(ascii: ":")
        if isColon, matches("//", at: position + 1) { return hideUserInfo(from: position + 3) }
        let isEncoded = bytes[position] == UInt8(ascii: "%") && matches("%3d", at: position)
        let isSeparator = isColon || isEncoded || bytes[position] == UInt8(ascii: "=")
        // A byte of a name after quotes is the next word's.
        if !Self.isNameByte(bytes[position]) { position += isEncoded ? 3 : 1 }
        guard isSeparator, isNameBefore, Redaction.isSecret(name: bytes[word]) else { return }
        while position < bytes.count,
            bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t")
        {
            position += 1
        }
        hide(value(isHeader: isColon))
    }

    /// The value that begins at `position`: what stands in quotes; a header's to the end of its line; a parameter's up to what cannot be
    /// in one.
    private func value(isHeader: Bool) -> Range<Int> {
        var end = position
        while end < bytes.count, bytes[end] == UInt8(ascii: "\\") { end += 1 }
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
            return (end + 1)..<quotedEnd(from: end + 1, escapes: end - position)
        }
        end = position
        while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D {
            if !isHeader, Self.endsParameter(bytes[end]) || matches("%26", at: end) { break }
            end += 1
        }
        return position..<end
    }

    /// The closing quote has as many backslashes as the opening one; one with more is inside.
    private func quotedEnd(from start: Int, escapes: Int) -> Int {
        var end = start
        var backslashes = 0
        while end < bytes.count {
            if bytes[end] == UInt8(ascii: "\""), backslashes <= escapes { return end - backslashes }
            backslashes = bytes[end] == UInt8(ascii: "\\") ? backslashes + 1 : 0
            end += 1
        }
        return end
    }

    /// `user:password@` of an address whose `//` ends at `start`.
    private mutating func hideUserInfo(from start: Int) {
        position = start
        var end = start
        while end < bytes.count, !Self.endsAuthority(bytes[end]) { end += 1 }
        if let at = bytes[start..<end].lastIndex(of: UInt8(ascii: "@")) { hide(start..<at) }
    }

    private mutating func hide(_ range: Range<Int>) {
        if !range.isEmpty { found.append(range) }
        position = max(position, range.upperBound)
        word = position..<position
    }

    private func isScheme(_ word: Range<Int>) -> Bool {
        matches("bearer", in: word) || matches("basic", in: word)
    }

    /// The header of a JSON Web Token is a JSON object, whose `{"` is `eyJ`.
    private mutating func isWebToken(from start: Int) -> Bool {
        guard start >= noWebTokenBefore, bytes[start...].starts(with: "eyJ".utf8) else { return false }
        let token = bytes[start...].prefix { Self.isTokenByte($0) }
        noWebTokenBefore = token.endIndex
        return token.count > 20 && token.count(where: { $0 == UInt8(ascii: ".") }) >= 2
    }

    private func matches(_ text: StaticString, in range: Range<Int>) -> Bool {
        range.count == text.utf8CodeUnitCount && matches(text, at: range.lowerBound)
    }

    /// Whether the lower-case `text` stands at `start` in any case.
    private func matches(_ text: StaticString, at start: Int) -> Bool {
        // A loop by hand: `zip` would have its generic types made at run time, for a tenth of a start's instructions.
        let text = text.description
        let wanted = text.utf8.span
        guard bytes.count - start >= wanted.count else { return false }
        for index in wanted.indices {
            let byte = bytes[start + index]
            let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
            if lower != wanted[index] { return false }
        }
        return true
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// RFC 9110's token68, which base64, base64url and JSON Web Tokens are.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        isNameByte(byte) || "._~+/=".utf8.contains(byte)
    }

    private static func endsParameter(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "&,;\"'<>()[]{}#\\".utf8.contains(byte)
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "/?#\"'<>\\".utf8.contains(byte)
    }
}
