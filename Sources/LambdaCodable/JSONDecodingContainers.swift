internal import JSON

struct KeyedJSONDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    /// Of an object.
    let node: DecodingNode

    /// Not stored: a container is copied more often than it is asked.
    private var members: JSON.Object {
        if case .object(let members) = node.json { members } else { [:] }
    }

    var codingPath: [any CodingKey] { node.codingPath }
    var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }

    private func member(_ key: any CodingKey) throws -> DecodingNode {
        guard let json = members[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key,
                .init(codingPath: codingPath, debugDescription: "There is no key '\(key.stringValue)'."))
        }
        return DecodingNode(json, in: node, at: key)
    }

    func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try member(key).decodeNil() }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try member(key).decode(type)
    }

    // What most members are, without a node: what does not fit goes the general way, which knows the error.

    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        if case .string(let text) = members[key.stringValue] { return text }
        return try member(key).decode(type)
    }

    func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
        if let integer = members[key.stringValue]?.int { return integer }
        return try member(key).decode(type)
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        if case .bool(let flag) = members[key.stringValue] { return flag }
        return try member(key).decode(type)
    }

    /// One look where the standard library's own takes three.
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let json = members[key.stringValue], !json.isNull else { return nil }
        return try DecodingNode(json, in: node, at: key).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try member(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try member(key).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { superDecoder(at: SuperKey()) }
    func superDecoder(forKey key: Key) -> any Decoder { superDecoder(at: key) }

    /// As Foundation's: a superclass that is absent is null, and may want nothing.
    private func superDecoder(at key: any CodingKey) -> any Decoder {
        DecodingNode(members[key.stringValue] ?? .null, in: node, at: key)
    }
}

struct UnkeyedJSONDecoder: UnkeyedDecodingContainer {
    let elements: [JSON]
    let node: DecodingNode
    private(set) var currentIndex = 0

    init(elements: [JSON], node: DecodingNode) {
        self.elements = elements
        self.node = node
    }

    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    private func current(_ expected: Any.Type) throws -> DecodingNode {
        let key = IndexKey(currentIndex)
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                expected,
                .init(codingPath: codingPath + [key], debugDescription: "The array ends before it."))
        }
        return DecodingNode(elements[currentIndex], in: node, at: key)
    }

    /// An element that could not be read is not passed over.
    private mutating func next<Value>(
        _ expected: Any.Type, _ read: (DecodingNode) throws -> Value
    ) throws -> Value {
        let value = try read(current(expected))
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard try current(Never.self).decodeNil() else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try next(type) { try $0.decode(type) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try next(KeyedDecodingContainer<Nested>.self) { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next((any UnkeyedDecodingContainer).self) { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try next((any Decoder).self) { $0 } }
}
