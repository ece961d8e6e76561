/// A JSON value that keeps what JSON says: the text of every number and the order of every object's keys.
public enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Number)
    case string(String)
    case array([JSON])
    case object(Object)

    /// A number as its text: a seed of 2^64−1 or a 38-digit DynamoDB number passes through unchanged.
    public struct Number: Sendable, Hashable {
        public let text: String
        /// nil when `text` is not a JSON number (RFC 8259 §6).
        public init?(text: String) { fatalError("stub") }
        public init(_ value: some FixedWidthInteger) { text = "\(value)" }
        /// nil for NaN and the infinities, which JSON cannot say.
        public init?(_ value: Double) { fatalError("stub") }
        /// The value when the text is an integer in range ("64", not "64.0").
        public func integer<I: FixedWidthInteger>(as type: I.Type = I.self) -> I? { fatalError("stub") }
        public var double: Double { fatalError("stub") }
    }

    /// An object's members in the order written; of duplicate keys the last wins.
    public struct Object: Sendable, Hashable, ExpressibleByDictionaryLiteral, Sequence {
        public typealias Element = (key: String, value: JSON)
        public init() { fatalError("stub") }
        public init(dictionaryLiteral elements: (String, JSON)...) { fatalError("stub") }
        public subscript(key: String) -> JSON? { get { fatalError("stub") } set { fatalError("stub") } }
        public var count: Int { fatalError("stub") }
        public var isEmpty: Bool { count == 0 }
        public var keys: [String] { fatalError("stub") }
        public func makeIterator() -> IndexingIterator<[Element]> { fatalError("stub") }
    }

    /// Why bytes are not JSON, and where.
    public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
        public let message: String
        public let offset: Int
        public var description: String { "\(message) at byte \(offset)" }
    }

    public init(parsing bytes: [UInt8], maximumDepth: Int = 512) throws(ParseError) { fatalError("stub") }
    public init(parsing text: String, maximumDepth: Int = 512) throws(ParseError) { fatalError("stub") }
    /// Compact UTF-8.
    public func serialized() -> [UInt8] { fatalError("stub") }
    public func serialize(into bytes: inout [UInt8]) { fatalError("stub") }
    /// Compact text.
    public var text: String { fatalError("stub") }
    /// Indented by two spaces, for people.
    public var prettyText: String { fatalError("stub") }

    public var isNull: Bool { self == .null }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var number: Number? { if case .number(let value) = self { value } else { nil } }
    public var int: Int? { number?.integer() }
    public var uint64: UInt64? { number?.integer() }
    public var double: Double? { number?.double }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    public var object: Object? { if case .object(let value) = self { value } else { nil } }
    /// The member of an object; nil for anything else.
    public subscript(key: String) -> JSON? { object?[key] }
    /// The element of an array; nil for anything else and out of range.
    public subscript(index: Int) -> JSON? { fatalError("stub") }
    public static func number(_ value: some FixedWidthInteger) -> JSON { .number(Number(value)) }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral, ExpressibleByFloatLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .number(Number(value)) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) { fatalError("stub") }
    public init(nilLiteral: ()) { self = .null }
    public init(floatLiteral value: Double) { fatalError("stub") }
}
