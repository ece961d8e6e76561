/// A JSON value (RFC 8259) that keeps what JSON says: the text of every number and the order of every object's keys.
///
/// Two objects are equal whatever the order of their members; two numbers are equal when their texts are.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Number)
    case string(String)
    case array([JSON])
    case object(Object)
}

extension JSON {
    /// Whether this is `null`.
    public var isNull: Bool { if case .null = self { true } else { false } }
    /// The value of `true` or `false`; nil for anything else.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The number; nil for anything else, also for a string of digits.
    public var number: Number? { if case .number(let value) = self { value } else { nil } }
    /// The number as an integer; nil when it is none ("64.0") or out of range.
    public var int: Int? { number?.integer() }
    /// The number as an unsigned integer: a seed is one of 64 bits.
    public var uint64: UInt64? { number?.integer() }
    /// The number as the nearest `Double`.
    public var double: Double? { number?.double }
    /// The string; nil for anything else.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// The elements; nil for anything else.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    /// The members; nil for anything else.
    public var object: Object? { if case .object(let value) = self { value } else { nil } }

    /// The member of an object; nil for anything else.
    public subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// The element of an array; nil for anything else and out of range.
    public subscript(index: Int) -> JSON? {
        if case .array(let elements) = self, elements.indices.contains(index) {
            elements[index]
        } else {
            nil
        }
    }

    /// A number of any integer type.
    public static func number(_ value: some FixedWidthInteger) -> JSON { .number(Number(value)) }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral,
    ExpressibleByFloatLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A number.
    public init(integerLiteral value: Int) { self = .number(Number(value)) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object; of duplicate keys the last wins, as in a parsed text.
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(Object(elements)) }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// A number; `null` for a literal beyond what `Double` can say.
    public init(floatLiteral value: Double) { self = Number(value).map(JSON.number) ?? .null }
}
