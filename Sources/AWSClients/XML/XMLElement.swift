/// An element with its text and its children; names without namespace prefix. Attributes are not kept: no answer
/// read here needs one.
struct XMLElement: Sendable, Hashable {
    var name: String
    /// The character data directly inside, joined; indentation included where there are children too.
    var text = ""
    var children: [XMLElement] = []

    init(name: String) { self.name = name }

    /// The first child of a name.
    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

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
