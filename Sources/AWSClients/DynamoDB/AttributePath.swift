/// Where an attribute is: a name, and from there members of maps and elements of lists.
///
/// A literal is written as in AWS's expressions, `"size.width"` or `"tags[0]"`. Text that is not the program's own
/// goes through `init(names:)`, where a dot is a dot: there is no conversion from a `String`, so that a user's text
/// can never become a step into a map.
public struct AttributePath: Sendable, Hashable, ExpressibleByStringLiteral {
    enum Step: Sendable, Hashable {
        case name(String)
        case index(Int)
    }

    let steps: [Step]

    /// `a.b[0]`: dots step into maps, digits in brackets into lists.
    public init(stringLiteral value: StaticString) {
        var steps: [Step] = []
        for part in value.description.split(separator: ".", omittingEmptySubsequences: false) {
            steps += Self.steps(of: part)
        }
        self.steps = steps
    }

    /// Names taken as they are, each of them a step into a map but the first.
    public init(names: String...) { steps = names.map { .name($0) } }

    /// As it would be written in a literal; for errors.
    var text: String {
        var text = ""
        for step in steps {
            switch step {
            case .name(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }

    private static func steps(of part: Substring) -> [Step] {
        var name = part
        var indices: [Step] = []
        while name.last == "]", let open = name.lastIndex(of: "["),
            let index = UInt16(name[name.index(after: open)...].dropLast())
        {
            indices.insert(.index(Int(index)), at: 0)
            name = name[..<open]
        }
        return [.name(String(name))] + indices
    }
}
