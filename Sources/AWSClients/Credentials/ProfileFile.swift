/// The ini dialect of `~/.aws/config` and `~/.aws/credentials`
/// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html): `[profile name]`, `[name]` or
/// `[services name]`, `key = value`, comments from `#` or `;`. Settings indented below a key are that key's own; they
/// are kept for services and skipped for profiles. Sections of other kinds are skipped.
struct ProfileFile: Sendable {
    private(set) var profiles: [String: [String: String]] = [:]
    /// Settings by section, then by service.
    private(set) var services: [String: [String: [String: String]]] = [:]

    private enum Section {
        case profile(String)
        case services(String)
    }

    init(_ text: String) {
        var section: Section?
        var parent: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first(where: { !$0.isWhitespace }), first != "#", first != ";" else {
                continue
            }
            if line.first == "[" {
                section = Self.section(line)
                parent = nil
                continue
            }
            guard let section, let equals = line.firstIndex(of: "=") else { continue }
            let key = line[..<equals].trimmed().lowercased()
            let value = Self.value(line[line.index(after: equals)...])
            let isNested = line.first?.isWhitespace == true
            if !isNested { parent = key }
            switch section {
            case .profile(let name) where !isNested: profiles[name, default: [:]][key] = value
            case .services(let name) where isNested:
                if let parent { services[name, default: [:]][parent, default: [:]][key] = value }
            default: break
            }
        }
    }

    /// nil for a section of another kind (`[sso-session x]`).
    private static func section(_ line: Substring) -> Section? {
        guard let end = line.firstIndex(of: "]") else { return nil }
        let words = line[line.index(after: line.startIndex)..<end].split(whereSeparator: \.isWhitespace)
        switch (words.count, words.first) {
        case (1, _): return .profile(String(words[0]))
        case (2, "profile"): return .profile(String(words[1]))
        case (2, "services"): return .services(String(words[1]))
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
