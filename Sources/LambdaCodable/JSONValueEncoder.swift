internal import FoundationEssentials
public import JSON

/// Makes JSON of `Encodable` values, as `JSONEncoder` with its defaults does, and faster.
///
/// What differs: members stand in the order in which they were encoded, and `serialized()` does not escape `/`.
public struct JSONValueEncoder: Sendable {
    /// An encoder.
    public init() {}

    /// The JSON that says `value`.
    /// - Throws: `EncodingError` with the path to what JSON cannot say (NaN, the infinities), or when nothing was encoded;
    ///   and whatever an `encode(to:)` throws.
    public func encode<Value: Encodable>(_ value: Value) throws -> JSON {
        guard let json = try EncodingNode.json(of: value, in: nil, at: nil) else {
            throw EncodingError.invalidValue(
                value,
                .init(codingPath: [], debugDescription: "\(Value.self) did not encode any value."))
        }
        return json
    }
}

/// A value in the making. Containers write into it, and it is read when they are done.
final class EncodingNode: Encoder {
    private enum Form { case nothing, single, array, object }
    /// Where the value of a nested container or of a superclass goes once it is whole.
    private enum Place {
        case member(String)
        case element(Int)
    }

    private let parent: EncodingNode?
    private let key: (any CodingKey)?
    private var form = Form.nothing
    private var single = JSON.null
    private var elements: [JSON] = []
    private var members = JSON.Object()
    private var pending: [(place: Place, node: EncodingNode)] = []

    init(in parent: EncodingNode?, at key: (any CodingKey)?) {
        self.parent = parent
        self.key = key
    }

    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var count: Int { elements.count }

    var codingPath: [any CodingKey] {
        var path: [any CodingKey] = []
        var node: EncodingNode? = self
        while let current = node {
            if let key = current.key { path.append(key) }
            node = current.parent
        }
        return path.reversed()
    }

    /// What was encoded; nil when nothing was.
    var json: JSON? {
        for (place, node) in pending {
            let value = node.json ?? [:]
            switch place {
            case .member(let key): members[key] = value
            case .element(let index): elements[index] = value
            }
        }
        pending = []
        switch form {
        case .nothing: return nil
        case .single: return single
        case .array: return .array(elements)
        case .object: return .object(members)
        }
    }

    func set(_ json: JSON, forKey key: any CodingKey) { members[key.stringValue] = json }
    func append(_ json: JSON) { elements.append(json) }

    /// A member that is encoded later; it has its place now.
    func member(_ key: any CodingKey) -> EncodingNode {
        let node = EncodingNode(in: self, at: key)
        form = .object
        members[key.stringValue] = .null
        pending.append((.member(key.stringValue), node))
        return node
    }

    /// An element that is encoded later; it has its place now.
    func element() -> EncodingNode {
        let node = EncodingNode(in: self, at: IndexKey(count))
        pending.append((.element(count), node))
        elements.append(.null)
        return node
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        form = .object
        return KeyedEncodingContainer(KeyedJSONEncoder<Key>(node: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        form = .array
        return UnkeyedJSONEncoder(node: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
}

extension EncodingNode: SingleValueEncodingContainer {
    func encodeNil() { set(.null) }
    func encode<Value: Encodable>(_ value: Value) throws {
        if let json = try json(of: value, at: nil) { set(json) }
    }

    private func set(_ json: JSON) {
        form = .single
        single = json
    }

    /// The JSON of a value that stands in this one; nil when the value encodes nothing.
    func json<Value: Encodable>(of value: Value, at key: (any CodingKey)?) throws -> JSON? {
        try Self.json(of: value, in: self, at: key)
    }

    /// For a concrete type the comparisons are decided when this is compiled.
    static func json<Value: Encodable>(
        of value: Value, in parent: EncodingNode?, at key: (any CodingKey)?
    ) throws -> JSON? {
        let type = Value.self
        if type == String.self, let text = value as? String { return .string(text) }
        if type == Bool.self, let flag = value as? Bool { return .bool(flag) }
        if type == Int.self, let number = value as? Int { return .number(number) }
        if type == Double.self, let number = value as? Double {
            return try floating(number, in: parent, at: key)
        }
        if type == Float.self, let number = value as? Float {
            return try floating(number, in: parent, at: key)
        }
        if type == Int64.self, let number = value as? Int64 { return .number(number) }
        if type == Int32.self, let number = value as? Int32 { return .number(number) }
        if type == Int16.self, let number = value as? Int16 { return .number(number) }
        if type == Int8.self, let number = value as? Int8 { return .number(number) }
        if type == Int128.self, let number = value as? Int128 { return .number(number) }
        if type == UInt.self, let number = value as? UInt { return .number(number) }
        if type == UInt64.self, let number = value as? UInt64 { return .number(number) }
        if type == UInt32.self, let number = value as? UInt32 { return .number(number) }
        if type == UInt16.self, let number = value as? UInt16 { return .number(number) }
        if type == UInt8.self, let number = value as? UInt8 { return .number(number) }
        if type == UInt128.self, let number = value as? UInt128 { return .number(number) }
        // The types that JSON says in another way than they encode themselves. `Date` is seconds by itself.
        if type == Data.self, let data = value as? Data { return .string(data.base64EncodedString()) }
        if type == URL.self, let url = value as? URL { return .string(url.absoluteString) }
        if type == Decimal.self, let number = value as? Decimal {
            return try json(number: number.description, of: number, in: parent, at: key)
        }
        let node = EncodingNode(in: parent, at: key)
        try value.encode(to: node)
        return node.json
    }

    /// As Foundation: the shortest text, of a whole number without ".0".
    private static func floating<Value: BinaryFloatingPoint & CustomStringConvertible>(
        _ value: Value, in parent: EncodingNode?, at key: (any CodingKey)?
    ) throws -> JSON {
        var text = value.description
        if text.hasSuffix(".0") { text.removeLast(2) }
        return try json(number: text, of: value, in: parent, at: key)
    }

    /// The texts that are no numbers are those of NaN and the infinities.
    private static func json(
        number text: String, of value: Any, in parent: EncodingNode?, at key: (any CodingKey)?
    ) throws -> JSON {
        guard let number = JSON.Number(text: text) else {
            throw EncodingError.invalidValue(
                value,
                .init(
                    codingPath: EncodingNode(in: parent, at: key).codingPath,
                    debugDescription: "JSON has no \(text)."))
        }
        return .number(number)
    }
}
