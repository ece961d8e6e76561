internal import JSON

struct KeyedJSONEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodingNode

    var codingPath: [any CodingKey] { node.codingPath }

    func encodeNil(forKey key: Key) { node.set(.null, forKey: key) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        node.set(try node.json(of: value, at: key) ?? [:], forKey: key)
    }

    // What most members are, without a look at their type.
    func encode(_ value: String, forKey key: Key) { node.set(.string(value), forKey: key) }
    func encode(_ value: Int, forKey key: Key) { node.set(.number(value), forKey: key) }
    func encode(_ value: Bool, forKey key: Key) { node.set(.bool(value), forKey: key) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { node.member(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        node.member(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { node.member(SuperKey()) }
    func superEncoder(forKey key: Key) -> any Encoder { node.member(key) }
}

struct UnkeyedJSONEncoder: UnkeyedEncodingContainer {
    let node: EncodingNode

    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int { node.count }

    func encodeNil() { node.append(.null) }

    func encode<Value: Encodable>(_ value: Value) throws {
        node.append(try node.json(of: value, at: IndexKey(count)) ?? [:])
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        node.element().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.element().unkeyedContainer() }
    func superEncoder() -> any Encoder { node.element() }
}
