internal import FoundationEssentials
public import JSON

/// Makes `Decodable` values of parsed JSON, as `JSONDecoder` with its defaults does of bytes, and faster.
///
/// What differs: of duplicate keys the last wins, not the first, as everywhere in this package; the error of a number that its type
/// cannot hold has the path to it; and `9007199254740993.5` is no integer.
public struct JSONValueDecoder: Sendable {
    /// A decoder.
    public init() {}

    /// The value that `json` says.
    /// - Throws: `DecodingError` with the path to what is missing or does not fit, and whatever an `init(from:)` throws.
    public func decode<Value: Decodable>(_ type: Value.Type, from json: JSON) throws -> Value {
        try DecodingNode(json, in: nil, at: nil).decode(type)
    }
}

/// A value that is read. It knows its place by its parent, so that a path is made only for whoever asks.
final class DecodingNode: Decoder {
    let json: JSON
    private let parent: DecodingNode?
    private let key: (any CodingKey)?

    init(_ json: JSON, in parent: DecodingNode?, at key: (any CodingKey)?) {
        self.json = json
        self.parent = parent
        self.key = key
    }

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    var codingPath: [any CodingKey] {
        var path: [any CodingKey] = []
        var node: DecodingNode? = self
        while let current = node {
            if let key = current.key { path.append(key) }
            node = current.parent
        }
        return path.reversed()
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object = json else { throw mismatch([String: Any].self) }
        return KeyedDecodingContainer(KeyedJSONDecoder<Key>(node: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = json else { throw mismatch([Any].self) }
        return UnkeyedJSONDecoder(elements: elements, node: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    /// The value is of another kind than `expected`; null is an error of its own.
    func mismatch(_ expected: Any.Type) -> DecodingError {
        if json.isNull {
            return .valueNotFound(
                expected,
                .init(
                    codingPath: codingPath, debugDescription: "Expected \(expected) but found null instead."))
        }
        return .typeMismatch(
            expected,
            .init(
                codingPath: codingPath,
                debugDescription: "Expected to decode \(expected) but found \(json.kind) instead."))
    }

    fileprivate func corrupted(_ description: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: codingPath, debugDescription: description))
    }
}

extension DecodingNode: SingleValueDecodingContainer {
    func decodeNil() -> Bool { json.isNull }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard let value = try known(type) else { return try Value(from: self) }
        return try cast(value)
    }

    /// Apart from `decode`, which else would look up the metadata of `Value?` for every type.
    @inline(never)
    private func cast<Value>(_ value: Any) throws -> Value {
        guard let value = value as? Value else { throw mismatch(Value.self) }
        return value
    }

    /// The value of a type that JSON has itself, or says in another way than it encodes itself; nil for every other type.
    private func known(_ type: Any.Type) throws -> Any? {
        if type == String.self { return try string(type) }
        if type == Bool.self {
            guard case .bool(let flag) = json else { throw mismatch(type) }
            return flag
        }
        if type == Int.self { return try integer(Int.self) }
        if type == Double.self { return try floating(Double.self) }
        if type == Float.self { return try floating(Float.self) }
        if type == Int64.self { return try integer(Int64.self) }
        if type == Int32.self { return try integer(Int32.self) }
        if type == Int16.self { return try integer(Int16.self) }
        if type == Int8.self { return try integer(Int8.self) }
        if type == Int128.self { return try integer(Int128.self) }
        if type == UInt.self { return try integer(UInt.self) }
        if type == UInt64.self { return try integer(UInt64.self) }
        if type == UInt32.self { return try integer(UInt32.self) }
        if type == UInt16.self { return try integer(UInt16.self) }
        if type == UInt8.self { return try integer(UInt8.self) }
        if type == UInt128.self { return try integer(UInt128.self) }
        return try foundationValue(type)
    }

    private func string(_ expected: Any.Type) throws -> String {
        guard case .string(let string) = json else {
            throw mismatch(json.isNull ? expected : String.self)
        }
        return string
    }

    private func number(_ expected: Any.Type) throws -> JSON.Number {
        guard case .number(let number) = json else { throw mismatch(expected) }
        return number
    }

    private func unfit(_ number: JSON.Number, _ type: Any.Type) -> DecodingError {
        corrupted("The number \(number.text) does not fit in \(type).")
    }

    /// Also of "1.0" and "1e3". Beyond 2^53 a `Double` may be another integer than the text, `Decimal` is exact to 38 digits.
    private func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws -> Integer {
        let number = try number(type)
        if let integer = number.integer(as: type) { return integer }
        if number.double.magnitude < 0x1p53 {
            if let integer = Integer(exactly: number.double) { return integer }
        } else if let decimal = Decimal(string: number.text), let integer = Integer(decimal.description) {
            return integer
        }
        throw unfit(number, type)
    }

    /// Neither an infinity nor a zero that was not written.
    private func floating<Value: BinaryFloatingPoint & LosslessStringConvertible>(
        _ type: Value.Type
    ) throws -> Value {
        let number = try number(type)
        guard let value = Value(number.text), value.isFinite, value != 0 || number.saysZero else {
            throw unfit(number, type)
        }
        return value
    }

    /// Nil for the types that are not Foundation's, or that encode themselves as JSON says them. `Date` is seconds by itself.
    private func foundationValue(_ type: Any.Type) throws -> Any? {
        if type == Data.self {
            guard let data = Data(base64Encoded: try string(type)) else {
                throw corrupted("The text is not valid Base64.")
            }
            return data
        }
        if type == URL.self {
            guard let url = URL(string: try string(type)) else { throw corrupted("The text is no URL.") }
            return url
        }
        if type == Date.self, json.isNull { throw mismatch(type) }
        if type == Decimal.self {
            let number = try number(type)
            guard let decimal = Decimal(string: number.text) else { throw unfit(number, type) }
            return decimal
        }
        return nil
    }
}

extension JSON.Number {
    /// Whether every digit of the significand is 0.
    fileprivate var saysZero: Bool {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "1")...UInt8(ascii: "9"): return false
            case UInt8(ascii: "e"), UInt8(ascii: "E"): return true
            default: continue
            }
        }
        return true
    }
}

extension JSON {
    /// In the words of Foundation's errors.
    fileprivate var kind: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .number: "number"
        case .string: "a string"
        case .array: "an array"
        case .object: "a dictionary"
        }
    }
}
