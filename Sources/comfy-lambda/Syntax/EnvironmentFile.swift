/// Variables from a file of `NAME=VALUE` lines, as Docker and systemd read them.
///
/// Blank lines and lines that begin with `#` are skipped; `export ` before a name and one pair of quotes around a value are dropped.
/// Nothing is expanded: a `$` is a dollar sign.
enum EnvironmentFile {
    /// A line that is none of these.
    struct Malformed: Error, Hashable, CustomStringConvertible {
        let line: Int
        var description: String { "line \(line) is not NAME=VALUE" }
    }

    static func parse(_ text: String) throws(Malformed) -> [(name: String, value: String)] {
        var variables: [(name: String, value: String)] = []
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            var line = raw.trimmingSpaces
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("export ") { line = line.dropFirst(7).trimmingSpaces }
            guard let equals = line.firstIndex(of: "=") else { throw Malformed(line: index + 1) }
            let name = line[..<equals].trimmingSpaces
            guard isName(name) else { throw Malformed(line: index + 1) }
            let value = line[line.index(after: equals)...].trimmingSpaces
            variables.append((String(name), String(unquoted(value))))
        }
        return variables
    }

    private static func isName(_ name: Substring) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    private static func unquoted(_ value: Substring) -> Substring {
        guard value.count >= 2, let quote = value.first, quote == "\"" || quote == "'", value.last == quote
        else {
            return value
        }
        return value.dropFirst().dropLast()
    }
}

extension Substring {
    /// Without the spaces and tabs around it.
    var trimmingSpaces: Substring {
        let head = drop { $0 == " " || $0 == "\t" }
        guard let last = head.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return head }
        return head[...last]
    }
}
