import JSON

extension JSON.Number {
    /// What a number is to JSON Schema's `integer`: `64`, `64.0` and `6.4e1` are one whole number.
    enum Whole<Value: FixedWidthInteger & Sendable>: Sendable {
        case value(Value)
        /// Whole, and too large or too small for the type.
        case beyond
        case fraction
    }

    /// By its text, so that no digit is lost on the way.
    func whole<Value>(as type: Value.Type = Value.self) -> Whole<Value> {
        if let value: Value = integer() { return .value(value) }
        let parts = text.split(whereSeparator: { $0 == "e" || $0 == "E" })
        let mantissa = parts[0].split(separator: ".")
        var fraction = mantissa.count > 1 ? mantissa[1] : ""
        while fraction.last == "0" { fraction.removeLast() }
        var digits = String(mantissa[0] + fraction)
        guard digits.contains(where: { $0 != "0" && $0 != "-" }) else { return .value(0) }
        // An exponent beyond Int is beyond any type, or a fraction.
        let exponent = parts.count > 1 ? Int(parts[1]) : 0
        guard let exponent else { return parts[1].hasPrefix("-") ? .fraction : .beyond }
        let (shift, overflow) = exponent.subtractingReportingOverflow(fraction.utf8.count)
        if overflow { return .fraction }
        if shift > 40 { return .beyond }
        if shift >= 0 {
            digits += String(repeating: "0", count: shift)
        } else {
            let zeros = digits.reversed().prefix { $0 == "0" }.count
            guard zeros >= shift.magnitude else { return .fraction }
            digits.removeLast(-shift)
        }
        return Value(digits).map { .value($0) } ?? .beyond
    }
}
