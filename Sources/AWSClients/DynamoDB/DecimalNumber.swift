/// DynamoDB's numbers: 38 significant digits, magnitude from 1E-130 to 9.99…E+125
/// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html).
enum DecimalNumber {
    static let maximumDigits = 38

    static func validate(_ text: String) throws(AttributeValue.Invalid) {
        guard let (digits, exponent) = parse(text) else {
            throw AttributeValue.Invalid(message: "\"\(text.prefix(64))\" is not a decimal number")
        }
        if digits > maximumDigits {
            throw AttributeValue.Invalid(
                message: "a number of \(digits) digits; DynamoDB keeps at most \(maximumDigits)")
        }
        if digits > 0, !(-130...125).contains(exponent) {
            throw AttributeValue.Invalid(
                message: "the number \(text.prefix(64)) is out of DynamoDB's range, 1E-130 to 9.99E+125")
        }
    }

    /// Without leading and trailing zeros, so none for zero; nil when it is no number.
    static func significantDigits(_ text: String) -> Int? { parse(text)?.digits }

    /// The number of significant digits, and the power of ten of the first of them; nil when it is no number. Zero
    /// has no significant digit.
    private static func parse(_ text: String) -> (digits: Int, exponent: Int)? {
        var rest = Substring(text).utf8
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest.dropFirst(whole.count)
        var fraction: [UInt8] = []
        if rest.first == UInt8(ascii: ".") {
            fraction = Array(rest.dropFirst().prefix { (0x30...0x39).contains($0) })
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        var exponent = 0
        if let mark = rest.first {
            guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E"), rest.count <= 6,
                let value = Int(String(Substring(rest.dropFirst())))
            else { return nil }
            exponent = value
        }
        let all = Array(whole) + fraction
        guard let first = all.firstIndex(where: { $0 != 0x30 }),
            let last = all.lastIndex(where: { $0 != 0x30 })
        else { return (0, 0) }
        return (last - first + 1, whole.count - 1 - first + exponent)
    }
}
