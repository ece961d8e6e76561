public import AWSClients

/// Makes `Decodable` values of items: the way back of `AttributeValueEncoder`.
///
/// A number is read from its text into the type that asks for it; a fraction or one out of its range is an error then.
/// Sets are read as lists, too.
public struct AttributeValueDecoder: Sendable {
    /// A decoder.
    public init() {}

    /// The value of an item.
    /// - Throws: `DecodingError` with the path to what is missing or of another type.
    public func decode<Value: Decodable>(_ type: Value.Type, from item: Item) throws -> Value {
        try decode(type, from: .m(item))
    }

    /// The value of one attribute.
    public func decode<Value: Decodable>(_ type: Value.Type, from attribute: AttributeValue) throws -> Value {
        try DecodingNode(attribute, codingPath: []).unbox(type)
    }
}

/// A value that is read.
struct DecodingNode: Decoder {
    let attribute: AttributeValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ attribute: AttributeValue, codingPath: [any CodingKey]) {
        self.attribute = attribute
        self.codingPath = codingPath
    }

    func mismatch(_ expected: Any.Type) -> DecodingError {
        .typeMismatch(
            expected, .init(codingPath: codingPath, debugDescription: "found \(attribute.typeName)"))
    }

    func unbox<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let found: Any?
        switch type {
        case is AttributeValue.Type: found = attribute
        case is [UInt8].Type: found = attribute.bytes
        case is String.Type: found = attribute.string
        case is Bool.Type: found = attribute.bool
        case is Double.Type: found = attribute.number.flatMap { Double($0) }
        case is Float.Type: found = attribute.number.flatMap { Float($0) }
        case let integer as any FixedWidthInteger.Type:
            guard let text = attribute.number else { throw mismatch(type) }
            guard let number = integer.init(text) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: codingPath, debugDescription: "\(text) is no \(type)"))
            }
            found = number
        default: return try Value(from: self)
        }
        guard let value = found as? Value else { throw mismatch(type) }
        return value
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let members = attribute.map else { throw mismatch([String: AttributeValue].self) }
        return KeyedDecodingContainer(KeyedAttributeDecoder<Key>(members: members, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = attribute.elements else { throw mismatch([AttributeValue].self) }
        return UnkeyedAttributeDecoder(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { SingleAttributeDecoder(node: self) }
}

extension AttributeValue {
    /// As DynamoDB names it.
    fileprivate var typeName: String {
        switch self {
        case .s: "S"
        case .n: "N"
        case .b: "B"
        case .bool: "BOOL"
        case .null: "NULL"
        case .l: "L"
        case .m: "M"
        case .ss: "SS"
        case .ns: "NS"
        case .bs: "BS"
        }
    }

    /// Of a list or a set.
    fileprivate var elements: [AttributeValue]? {
        switch self {
        case .l(let elements): elements
        case .ss(let elements): elements.map { .s($0) }
        case .ns(let elements): elements.map { .n($0) }
        case .bs(let elements): elements.map { .b($0) }
        default: nil
        }
    }
}

private struct KeyedAttributeDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [String: AttributeValue]
    let codingPath: [any CodingKey]
    var allKeys: [Key] { members.keys.sorted().compactMap { Key(stringValue: $0) } }

    private func node(_ key: any CodingKey) throws -> DecodingNode {
        guard let attribute = members[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key, .init(codingPath: codingPath, debugDescription: "there is no \(key.stringValue)"))
        }
        return DecodingNode(attribute, codingPath: codingPath + [key])
    }

    func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try node(key).attribute == .null }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try node(key).unbox(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try node(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try node(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try node(SuperKey()) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try node(key) }
}

private struct UnkeyedAttributeDecoder: UnkeyedDecodingContainer {
    let elements: [AttributeValue]
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    init(elements: [AttributeValue], codingPath: [any CodingKey]) {
        self.elements = elements
        self.codingPath = codingPath
    }

    private func current() throws -> DecodingNode {
        let path = codingPath + [IndexKey(currentIndex)]
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                AttributeValue.self, .init(codingPath: path, debugDescription: "the list ends before it"))
        }
        return DecodingNode(elements[currentIndex], codingPath: path)
    }

    /// An element that could not be read is not passed over.
    private mutating func next<Value>(_ read: (DecodingNode) throws -> Value) throws -> Value {
        let value = try read(current())
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard try current().attribute == .null else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try next { try $0.unbox(type) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next { try $0.container(keyedBy: type) } }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}

private struct SingleAttributeDecoder: SingleValueDecodingContainer {
    let node: DecodingNode
    var codingPath: [any CodingKey] { node.codingPath }

    func decodeNil() -> Bool { node.attribute == .null }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try node.unbox(type) }
}
