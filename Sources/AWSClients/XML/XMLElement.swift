/// An element with its text and its children; a name stands as it was written, its prefix included. Attributes are not
/// kept. No answer read here has the one or needs the other.
struct XMLElement: Sendable, Hashable {
    var name: String
    /// The character data directly inside, joined; indentation included where there are children too.
    var text = ""
    var children: [XMLElement] = []

    init(name: String) { self.name = name }

    /// The first child of a name.
    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// Whether XML 1.0 (§2.2) has the character at all, escaped or not.
    static func canHold(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    /// Text for use between tags or in a quoted attribute.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\r": escaped += "&#13;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
