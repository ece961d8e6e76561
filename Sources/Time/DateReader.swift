/// Reads a date's text from the front; every step answers nil or false when the text is something else.
struct DateReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    /// Exactly `count` digits, or with `spacePadded` one leading space in place of a zero.
    mutating func digits(_ count: Int, spacePadded: Bool = false) -> Int? {
        let field = rest.prefix(count)
        guard field.count == count else { return nil }
        var value = 0
        for (position, byte) in field.enumerated() {
            if spacePadded, position == 0, byte == UInt8(ascii: " ") { continue }
            guard let digit = Self.digit(byte) else { return nil }
            value = value * 10 + digit
        }
        rest = rest.dropFirst(count)
        return value
    }

    mutating func skip(_ literal: StaticString) -> Bool {
        let expected = literal.description.utf8
        guard rest.starts(with: expected) else { return false }
        rest = rest.dropFirst(expected.count)
        return true
    }

    /// The position of the name found.
    mutating func name(of names: [String]) -> Int? {
        guard let position = names.firstIndex(where: { rest.starts(with: $0.utf8) }) else { return nil }
        rest = rest.dropFirst(names[position].utf8.count)
        return position
    }

    /// The digits of a fraction in thousandths, what lies beyond cut off; nil when there are none.
    mutating func thousandths() -> Int? {
        let field = rest.prefix { Self.digit($0) != nil }
        guard !field.isEmpty else { return nil }
        rest = rest.dropFirst(field.count)
        var value = 0
        var scale = 100
        for byte in field.prefix(3) {
            value += (Self.digit(byte) ?? 0) * scale
            scale /= 10
        }
        return value
    }

    private static func digit(_ byte: UInt8) -> Int? {
        0x30...0x39 ~= byte ? Int(byte - 0x30) : nil
    }
}

/// A number with leading zeros.
func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
