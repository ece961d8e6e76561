extension JSON {
    /// A number as its text: a seed of 2^64−1 or a 38-digit DynamoDB number passes through unchanged.
    public struct Number: Sendable, Hashable {
        /// The number as written, valid by RFC 8259 §6.
        public let text: String

        /// nil when `text` is not a JSON number (RFC 8259 §6).
        public init?(text: String) {
            guard Number.isNumber(text.utf8) else { return nil }
            self.text = text
        }

        /// The decimal digits of an integer.
        public init(_ value: some FixedWidthInteger) { text = String(value) }

        /// The shortest text that reads back as `value`; nil for NaN and the infinities, which JSON cannot say.
        public init?(_ value: Double) {
            guard value.isFinite else { return nil }
            text = "\(value)"
        }

        /// For the parser, which has checked the grammar.
        init(verified text: String) { self.text = text }

        /// The value when the text is an integer in range ("64", not "64.0").
        public func integer<I: FixedWidthInteger>(as type: I.Type = I.self) -> I? { I(text) }

        /// The nearest `Double`; an infinity when the text is beyond its range ("1e999").
        public var double: Double { Double(text) ?? .nan }

        private static func isNumber(_ text: String.UTF8View) -> Bool {
            var rest = text[...]
            func digits() -> Int {
                let run = rest.prefix { $0.isDigit }
                rest = rest.dropFirst(run.count)
                return run.count
            }
            if rest.first == .minus { rest = rest.dropFirst() }
            let startsWithZero = rest.first == .zero
            let whole = digits()
            guard whole == 1 || (whole > 1 && !startsWithZero) else { return false }
            if rest.first == .point {
                rest = rest.dropFirst()
                guard digits() > 0 else { return false }
            }
            if rest.first == .lowerE || rest.first == .upperE {
                rest = rest.dropFirst()
                if rest.first == .plus || rest.first == .minus { rest = rest.dropFirst() }
                guard digits() > 0 else { return false }
            }
            return rest.isEmpty
        }
    }
}

/// The bytes that JSON's grammar names.
extension UInt8 {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")
    static let openBrace = UInt8(ascii: "{")
    static let closeBrace = UInt8(ascii: "}")
    static let openBracket = UInt8(ascii: "[")
    static let closeBracket = UInt8(ascii: "]")
    static let minus = UInt8(ascii: "-")
    static let plus = UInt8(ascii: "+")
    static let point = UInt8(ascii: ".")
    static let zero = UInt8(ascii: "0")
    static let lowerE = UInt8(ascii: "e")
    static let upperE = UInt8(ascii: "E")

    var isDigit: Bool { self &- UInt8.zero < 10 }
}
