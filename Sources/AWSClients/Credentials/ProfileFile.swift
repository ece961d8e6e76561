/// The ini dialect of `~/.aws/config` and `~/.aws/credentials`
/// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html): `[profile name]` or `[name]`, `key = value`,
/// comments from `#` or `;`, nested properties (indented lines) skipped.
struct ProfileFile: Sendable {
    private(set) var profiles: [String: [String: String]] = [:]

    init(_ text: String) {
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, first != "#", first != ";" else { continue }
            if first == "[" {
                current = Self.profileName(line)
                continue
            }
            guard !first.isWhitespace, let current, let equals = line.firstIndex(of: "=") else { continue }
            let key = line[..<equals].trimmed().lowercased()
            profiles[current, default: [:]][key] = Self.value(line[line.index(after: equals)...])
        }
    }

    /// nil for a section of another kind (`[sso-session x]`, `[services x]`).
    private static func profileName(_ line: Substring) -> String? {
        guard let end = line.firstIndex(of: "]") else { return nil }
        let words = line[line.index(after: line.startIndex)..<end].split(whereSeparator: \.isWhitespace)
        switch (words.count, words.first) {
        case (1, _): return String(words[0])
        case (2, "profile"): return String(words[1])
        default: return nil
        }
    }

    /// A comment ends a value only after white space: a secret may contain `#`.
    private static func value(_ text: Substring) -> String {
        for mark in [" #", "\t#", " ;", "\t;"] {
            if let comment = text.firstRange(of: mark) {
                return value(text[..<comment.lowerBound])
            }
        }
        return text.trimmed()
    }
}

extension Substring {
    /// Without white space at both ends.
    fileprivate func trimmed() -> String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// `_StringProcessing`, which has this, is not linked.
    fileprivate func firstRange(of mark: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(mark) { return start..<index(start, offsetBy: mark.count) }
            start = index(after: start)
        }
        return nil
    }
}
