import HTTP
import JSON

/// Why a value is refused: the end of a sentence that begins with the field's name.
struct FieldRefusal: Error {
    let code: FieldFault.Code
    let reason: String

    init(_ code: FieldFault.Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}

/// What a field's value may be, and how it is read from JSON.
struct FieldType<Value: Sendable>: Sendable {
    typealias Refusal = FieldRefusal

    /// Stands in for a value that was refused, so that reading goes on to the next field; never leaves the reader's scope.
    let blank: Value
    /// What may be written, as JSON Schema (2020-12) says it; what the schema cannot say is `parse`'s alone.
    let schema: JSON
    let parse: @Sendable (JSON) throws(Refusal) -> Value
}

extension FieldType where Value: FixedWidthInteger {
    /// A whole number. `textual` also takes one written as text: that is how a query string has it.
    static func integer(_ range: ClosedRange<Value>, multipleOf step: Value = 1, textual: Bool = false)
        -> Self
    {
        let expected = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        var schema: JSON.Object = [
            "type": "integer", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
        ]
        if step != 1 { schema["multipleOf"] = .number(step) }
        return Self(blank: range.lowerBound, schema: .object(schema)) { json throws(Refusal) in
            let number = textual ? json.string.flatMap { JSON.Number(text: $0) } : json.number
            guard let number else { throw Refusal(.wrongType, expected) }
            let value: Value
            switch number.whole(as: Value.self) {
            case .value(let whole): value = whole
            case .beyond: throw Refusal(.outOfRange, expected)
            case .fraction: throw Refusal(.wrongType, expected)
            }
            guard range.contains(value) else { throw Refusal(.outOfRange, expected) }
            guard value % step == 0 else {
                throw Refusal(.notAMultiple, "must be a multiple of \(step)")
            }
            return value
        }
    }
}

extension FieldType where Value == Bool {
    static let boolean = Self(blank: false, schema: ["type": "boolean"]) { json throws(Refusal) in
        guard let value = json.bool else { throw Refusal(.wrongType, "must be true or false") }
        return value
    }
}

extension FieldType where Value == Double {
    static func number(_ range: ClosedRange<Double>) -> Self {
        let expected = "must be a number from \(range.lowerBound) to \(range.upperBound)"
        let schema: JSON = [
            "type": "number", "minimum": .init(floatLiteral: range.lowerBound),
            "maximum": .init(floatLiteral: range.upperBound),
        ]
        return Self(blank: range.lowerBound, schema: schema) { json throws(Refusal) in
            guard let value = json.double else { throw Refusal(.wrongType, expected) }
            guard range.contains(value) else { throw Refusal(.outOfRange, expected) }
            return value
        }
    }
}

extension FieldType where Value == String {
    /// Text of so many characters (Unicode scalars), without control characters other than tab and newline.
    static func text(_ length: ClosedRange<Int>) -> Self {
        let schema: JSON = [
            "type": "string", "minLength": .number(length.lowerBound),
            "maxLength": .number(length.upperBound), "pattern": .string(Self.withoutControls),
        ]
        return Self(blank: "", schema: schema) { json throws(Refusal) in
            guard let text = json.string else { throw Refusal(.wrongType, "must be a string") }
            let count = text.unicodeScalars.count
            guard count >= length.lowerBound else {
                throw Refusal(
                    .tooShort,
                    length.lowerBound == 1
                        ? "must not be empty" : "must have at least \(length.lowerBound) characters")
            }
            guard count <= length.upperBound else {
                throw Refusal(.tooLong, "must have at most \(length.upperBound) characters, has \(count)")
            }
            guard !Self.hasControls(text) else {
                throw Refusal(
                    .controlCharacter, "must have no control characters other than tab and newline")
            }
            return text
        }
    }

    /// `hasControls` as a pattern.
    private static let withoutControls =
        #"^([^\u0000-\u0008\u000B-\u001F\u007F-\u009F]|\u000D\u000A)*$"#

    /// Tab and newline are text, and so is the carriage return of a CRLF.
    private static func hasControls(_ text: String) -> Bool {
        var afterReturn = false
        for scalar in text.unicodeScalars {
            if afterReturn && scalar != "\n" { return true }
            afterReturn = scalar == "\r"
            let isAllowed = afterReturn || scalar == "\t" || scalar == "\n"
            if !isAllowed && scalar.properties.generalCategory == .control { return true }
        }
        return afterReturn
    }

    /// Letters, digits and `_ : . = -`, 1 to 64 of them.
    static let label = Self(
        blank: "", schema: ["type": "string", "pattern": "^[A-Za-z0-9_:.=-]{1,64}$"]
    ) { json throws(Refusal) in
        let expected = "must be 1 to 64 of A-Z a-z 0-9 _ : . = -"
        guard let text = json.string else { throw Refusal(.wrongType, expected) }
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isLabelByte) else {
            throw Refusal(.malformed, expected)
        }
        return text
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "="),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// An absolute http or https address.
    static let webAddress = Self(
        blank: "",
        schema: ["type": "string", "format": "uri", "pattern": "^https?://", "maxLength": 2048]
    ) { json throws(Refusal) in
        let expected = "must be an absolute http:// or https:// address of at most 2048 bytes"
        guard let text = json.string else { throw Refusal(.wrongType, expected) }
        guard text.utf8.count <= 2048, let url = URL(text), url.scheme == "http" || url.scheme == "https"
        else { throw Refusal(.malformed, expected) }
        return text
    }
}

extension FieldType where Value == JSON {
    /// Anything but null.
    static let any = Self(blank: .null, schema: ["not": ["type": "null"]]) { json throws(Refusal) in json }
}

extension FieldType where Value == JSON.Object {
    /// An object of at most so many bytes of compact JSON.
    static func object(maximumBytes: Int) -> Self {
        Self(blank: [:], schema: ["type": "object"]) { json throws(Refusal) in
            guard let object = json.object else { throw Refusal(.wrongType, "must be an object") }
            guard json.serialized().count <= maximumBytes else {
                throw Refusal(.tooLong, "must have at most \(maximumBytes) bytes")
            }
            return object
        }
    }
}

extension FieldType where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
    /// One of an enumeration's texts, or of some of them; `blank` is any of these.
    static func choice(_ blank: Value, among values: [Value] = Array(Value.allCases)) -> Self {
        let names = values.map(\.rawValue)
        let expected = "must be one of " + names.joined(separator: ", ")
        let schema: JSON = ["type": "string", "enum": .array(names.map { .string($0) })]
        return Self(blank: blank, schema: schema) { json throws(Refusal) in
            guard let text = json.string else { throw Refusal(.wrongType, expected) }
            guard names.contains(text), let value = Value(rawValue: text) else {
                throw Refusal(.notAChoice, expected)
            }
            return value
        }
    }
}

extension FieldType {
    /// From `minimum` to `maximum` values of one type.
    static func list<Element>(of element: FieldType<Element>, minimum: Int = 0, maximum: Int) -> Self
    where Value == [Element] {
        var schema: JSON.Object = [
            "type": "array", "items": element.schema, "maxItems": .number(maximum),
        ]
        if minimum > 0 { schema["minItems"] = .number(minimum) }
        return Self(blank: [], schema: .object(schema)) { json throws(Refusal) in
            guard let array = json.array else { throw Refusal(.wrongType, "must be an array") }
            guard array.count >= minimum else {
                throw Refusal(.tooShort, "must have at least \(minimum) elements")
            }
            guard array.count <= maximum else {
                throw Refusal(.tooLong, "must have at most \(maximum) elements")
            }
            var values: [Element] = []
            for (index, member) in array.enumerated() {
                do throws(Refusal) {
                    values.append(try element.parse(member))
                } catch {
                    throw Refusal(error.code, "has a faulty element \(index): it \(error.reason)")
                }
            }
            return values
        }
    }
}
