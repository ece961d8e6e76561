/// Texts from a worker before anyone outside sees them.
enum Redaction {
    /// The text without absolute paths and addresses, in at most `length` characters.
    ///
    /// A path tells how the worker is built and an address where it is; both are replaced whole, up to the
    /// quotation mark when quoted and to the next space otherwise.
    static func redact(_ text: String, length: Int = 500) -> String {
        // Cut before looking, so that a traceback of megabytes costs nothing; the tail that was cut is not shown.
        let scalars = Array(text.unicodeScalars.prefix(length * 2))
        var result = String.UnicodeScalarView()
        var position = 0
        while position < scalars.count {
            let before = position == 0 ? nil : scalars[position - 1]
            if startsPath(scalars, at: position, after: before) {
                result.append(contentsOf: "[path]".unicodeScalars)
                position = end(scalars, from: position, quote: before)
            } else if let schemeLength = addressScheme(scalars, at: position, after: before) {
                result.append(contentsOf: "[address]".unicodeScalars)
                position = end(scalars, from: position + schemeLength, quote: before)
            } else {
                result.append(scalars[position])
                position += 1
            }
        }
        return String(result).clipped(to: length)
    }

    /// `/x…` or `C:\x…` that does not go on from a word: `1/2` and `and/or` are no paths.
    private static func startsPath(_ text: [Unicode.Scalar], at position: Int, after before: Unicode.Scalar?)
        -> Bool
    {
        if let before,
            before.properties.isAlphabetic || before.properties.numericType != nil || before == "/"
                || before == "." || before == "_" || before == "-"
        {
            return false
        }
        func at(_ offset: Int) -> Unicode.Scalar? {
            position + offset < text.count ? text[position + offset] : nil
        }
        if text[position] == "/", let next = at(1) { return isWord(next) || next == "." }
        if text[position] == "\\", at(1) == "\\" { return true }
        guard text[position].isASCII, text[position].properties.isAlphabetic, at(1) == ":" else {
            return false
        }
        return at(2) == "\\" || at(2) == "/"
    }

    private static func addressScheme(
        _ text: [Unicode.Scalar], at position: Int, after before: Unicode.Scalar?
    ) -> Int? {
        if let before, isWord(before) { return nil }
        for scheme in ["http://", "https://", "ws://", "wss://", "file://"] {
            let letters = Array(scheme.unicodeScalars)
            if text[position...].starts(with: letters) { return letters.count }
        }
        return nil
    }

    private static func end(_ text: [Unicode.Scalar], from position: Int, quote: Unicode.Scalar?) -> Int {
        var position = position
        if let quote, quote == "'" || quote == "\"",
            let close = text[position...].firstIndex(where: { $0 == quote || $0 == "\n" })
        {
            return close
        }
        while position < text.count {
            let scalar = text[position]
            if scalar.properties.isWhitespace || "'\"<>,;()[]{}".unicodeScalars.contains(scalar) { break }
            position += 1
        }
        return position
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_"
    }
}
