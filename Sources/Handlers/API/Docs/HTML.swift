/// Text on its way into a page.
enum HTML {
    /// Fit for content and for quoted attributes.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    /// Escaped, with what stands between backticks as code: the contract's texts have no other marks.
    static func prose(_ text: String) -> String {
        let parts = escape(text).split(separator: "`", omittingEmptySubsequences: false)
        return parts.enumerated().map { index, part in
            // An odd last backtick is only a backtick.
            index % 2 == 0
                ? String(part) : index == parts.count - 1 ? "`\(part)" : "<code>\(part)</code>"
        }.joined()
    }
}
