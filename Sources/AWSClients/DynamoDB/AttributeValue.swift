/// A DynamoDB attribute. Numbers stay text: up to 38 digits, as they were written.
public enum AttributeValue: Sendable, Hashable {
    /// A string; empty is allowed except in keys.
    case s(String)
    /// A number's text.
    case n(String)
    /// Bytes.
    case b([UInt8])
    /// A truth value.
    case bool(Bool)
    /// The null value, not an absent attribute.
    case null
    /// A list.
    case l([AttributeValue])
    /// A map.
    case m([String: AttributeValue])
    /// A set of strings, never empty.
    case ss([String])
    /// A set of numbers, never empty.
    case ns([String])
    /// A set of bytes, never empty.
    case bs([[UInt8]])

    /// A whole number.
    public static func n(_ value: some FixedWidthInteger) -> AttributeValue { .n("\(value)") }

    /// The text of `s`; nil for anything else.
    public var string: String? { if case .s(let value) = self { value } else { nil } }
    /// The text of `n`; nil for anything else.
    public var number: String? { if case .n(let value) = self { value } else { nil } }
    /// The value of `n` when it is whole and in range.
    public var int: Int? { if case .n(let value) = self { Int(value) } else { nil } }
    /// The value of `n` when it is whole and in range.
    public var int64: Int64? { if case .n(let value) = self { Int64(value) } else { nil } }
    /// The bytes of `b`; nil for anything else.
    public var bytes: [UInt8]? { if case .b(let value) = self { value } else { nil } }
    /// The value of `bool`; nil for anything else.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements of `l`; nil for anything else.
    public var list: [AttributeValue]? { if case .l(let value) = self { value } else { nil } }
    /// The members of `m`; nil for anything else.
    public var map: [String: AttributeValue]? { if case .m(let value) = self { value } else { nil } }
    /// The elements of `ss`; nil for anything else.
    public var stringSet: [String]? { if case .ss(let value) = self { value } else { nil } }
}

/// The attributes of an item, or of its key alone.
public typealias Item = [String: AttributeValue]
