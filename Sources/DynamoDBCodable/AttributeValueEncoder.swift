public import AWSClients

/// Makes items of `Encodable` values.
///
/// Numbers become `N` with their shortest text, `[UInt8]` becomes `B`, other arrays `L`, structures and dictionaries with
/// string keys `M`, and an absent optional no attribute at all. An `AttributeValue` stays what it is, so that sets and
/// numbers of 38 digits can be said.
public struct AttributeValueEncoder: Sendable {
    /// An encoder.
    public init() {}

    /// An item: of a value whose encoding has named members.
    /// - Throws: `EncodingError`, also for anything else, for NaN and the infinities.
    public func encodeItem(_ value: some Encodable) throws -> Item {
        guard case .m(let item) = try encode(value) else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: [], debugDescription: "an item has named members"))
        }
        return item
    }

    /// One attribute of an item.
    public func encode(_ value: some Encodable) throws -> AttributeValue {
        try EncodingNode(codingPath: []).box(value)
    }
}

/// A value in the making. Containers write into it, and it is read when they are done.
final class EncodingNode: Encoder {
    private enum Content {
        case nothing
        case value(AttributeValue)
        case list([EncodingNode])
        case map([String: EncodingNode])
    }

    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    private var content = Content.nothing

    init(codingPath: [any CodingKey]) { self.codingPath = codingPath }

    /// Nothing encoded is an empty map, as a structure without members is.
    var value: AttributeValue {
        switch content {
        case .nothing: .m([:])
        case .value(let value): value
        case .list(let nodes): .l(nodes.map(\.value))
        case .map(let nodes): .m(nodes.mapValues(\.value))
        }
    }

    func set(_ value: AttributeValue) { content = .value(value) }

    func member(_ key: any CodingKey) -> EncodingNode {
        let node = EncodingNode(codingPath: codingPath + [key])
        if case .map(var nodes) = content {
            content = .nothing
            nodes[key.stringValue] = node
            content = .map(nodes)
        } else {
            content = .map([key.stringValue: node])
        }
        return node
    }

    func element() -> EncodingNode {
        let node = EncodingNode(codingPath: codingPath + [IndexKey(count)])
        if case .list(var nodes) = content {
            content = .nothing
            nodes.append(node)
            content = .list(nodes)
        } else {
            content = .list([node])
        }
        return node
    }

    var count: Int { if case .list(let nodes) = content { nodes.count } else { 0 } }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .nothing = content { content = .map([:]) }
        return KeyedEncodingContainer(KeyedAttributeEncoder<Key>(node: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .nothing = content { content = .list([]) }
        return UnkeyedAttributeEncoder(node: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleAttributeEncoder(node: self) }

    /// What goes by its type, not by how it encodes itself.
    func box(_ value: some Encodable) throws -> AttributeValue {
        switch value {
        case let value as AttributeValue: return value
        // By the type: any empty array could be cast to one of bytes.
        case let bytes as [UInt8] where type(of: value) == [UInt8].self: return .b(bytes)
        case let text as String: return .s(text)
        case let flag as Bool: return .bool(flag)
        case let number as Double: return try box(floating: number)
        case let number as Float: return try box(floating: number)
        case let number as any FixedWidthInteger: return .n("\(number)")
        default:
            try value.encode(to: self)
            return self.value
        }
    }

    private func box(floating number: some BinaryFloatingPoint & CustomStringConvertible & Encodable) throws
        -> AttributeValue
    {
        guard number.isFinite else {
            throw EncodingError.invalidValue(
                number, .init(codingPath: codingPath, debugDescription: "DynamoDB has no \(number)"))
        }
        return .n(number.description)
    }
}

/// A place in a list, for errors.
struct IndexKey: CodingKey {
    let index: Int
    init(_ index: Int) { self.index = index }
    init?(stringValue: String) { nil }
    init?(intValue: Int) { index = intValue }
    var stringValue: String { "\(index)" }
    var intValue: Int? { index }
}

private struct KeyedAttributeEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodingNode
    var codingPath: [any CodingKey] { node.codingPath }

    func encodeNil(forKey key: Key) { node.member(key).set(.null) }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        let member = node.member(key)
        member.set(try member.box(value))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { node.member(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        node.member(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { node.member(SuperKey()) }
    func superEncoder(forKey key: Key) -> any Encoder { node.member(key) }
}

/// The key that the standard library's documentation gives to a class's superclass.
struct SuperKey: CodingKey {
    init() {}
    init?(stringValue: String) { if stringValue != "super" { return nil } }
    init?(intValue: Int) { nil }
    var stringValue: String { "super" }
    var intValue: Int? { nil }
}

private struct UnkeyedAttributeEncoder: UnkeyedEncodingContainer {
    let node: EncodingNode
    var codingPath: [any CodingKey] { node.codingPath }
    var count: Int { node.count }

    func encodeNil() { node.element().set(.null) }

    func encode(_ value: some Encodable) throws {
        let element = node.element()
        element.set(try element.box(value))
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        node.element().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { node.element().unkeyedContainer() }
    func superEncoder() -> any Encoder { node.element() }
}

private struct SingleAttributeEncoder: SingleValueEncodingContainer {
    let node: EncodingNode
    var codingPath: [any CodingKey] { node.codingPath }

    func encodeNil() { node.set(.null) }
    func encode(_ value: some Encodable) throws { node.set(try node.box(value)) }
}
