/// A command line cut into words as a POSIX shell would, with nothing expanded.
enum CommandWords {
    /// White space separates; single quotes keep everything, double quotes all but `\"` and `\\`; a backslash outside
    /// keeps the next character. nil when a quote or a backslash has no end.
    static func split(_ text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch (quote, character) {
            case (nil, _) where character.isWhitespace:
                if let word { words.append(word) }
                word = nil
            case (nil, "'"), (nil, "\""):
                quote = character
                word = word ?? ""
            case (let open?, _) where open == character: quote = nil
            case ("'"?, _): word = (word ?? "") + String(character)
            case (_, "\\"):
                guard let next = rest.popFirst() else { return nil }
                let isKept = quote == nil || next == "\"" || next == "\\"
                word = (word ?? "") + (isKept ? "" : "\\") + String(next)
            default: word = (word ?? "") + String(character)
            }
        }
        if quote != nil { return nil }
        return words + (word.map { [$0] } ?? [])
    }
}
