import FoundationEssentials

/// Shapes of values that both codecs are asked for.
enum Shape: Codable, Equatable {
    case circle(radius: Double)
    case named(String, Int)
    case empty
}

enum Grade: String, Codable { case good, bad }

struct Scalars: Codable, Equatable {
    var a: Int8 = .min
    var b: Int16 = .min
    var c: Int32 = .min
    var d: Int64 = .min
    var e: UInt8 = .max
    var f: UInt16 = .max
    var g: UInt32 = .max
    var h: UInt64 = .max
    var i: Int = .max
    var j: UInt = .max
    var k: Double = 0.1
    var l: Float = 0.1
    var m: Bool = true
    var n: String = "é\"\\/\n\u{1}😀"
}

struct Nested: Codable, Equatable {
    var list: [[Int?]]
    var optional: String?
    var table: [String: [Grade]]
    var numbered: [Int: String]
    var pairs: [Grade: Int]
    var shapes: [Shape]
}

struct Foreign: Codable, Equatable {
    var date = Date(timeIntervalSinceReferenceDate: 7.25)
    var data = Data([0, 1, 254, 255])
    var url = URL(string: "https://example.com/a?b=c")
    var decimal = Decimal(string: "12345678901234567890.123456789")
    var all: [Date?] = [Date(timeIntervalSinceReferenceDate: 0), nil]
}

class Animal: Codable {
    var name: String
    init(name: String) { self.name = name }
}

/// Encodes its superclass under `super`.
final class Dog: Animal {
    var age: Int
    private enum CodingKeys: CodingKey { case age }

    init(name: String, age: Int) {
        self.age = age
        super.init(name: name)
    }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        age = try container.decode(Int.self, forKey: .age)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try super.encode(to: container.superEncoder())
        try container.encode(age, forKey: .age)
    }
}

/// Encodes its superclass beside its own members, in the same object.
final class Cat: Animal {
    var lives: Int
    private enum CodingKeys: CodingKey { case lives }

    init(name: String, lives: Int) {
        self.lives = lives
        super.init(name: name)
    }

    required init(from decoder: any Decoder) throws {
        lives = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .lives)
        try super.init(from: decoder)
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(lives, forKey: .lives)
        try super.encode(to: encoder)
    }
}

/// Uses every nested container by hand, and opens one before the last is done.
struct ByHand: Codable, Equatable {
    var numbers = [1, 2]
    var word = "w"
    private enum CodingKeys: String, CodingKey { case inner, list, odd = "" }

    init() {}

    init(from decoder: any Decoder) throws {
        let outer = try decoder.container(keyedBy: CodingKeys.self)
        let inner = try outer.nestedContainer(keyedBy: CodingKeys.self, forKey: .inner)
        word = try inner.decode(String.self, forKey: .odd)
        var list = try outer.nestedUnkeyedContainer(forKey: .list)
        var first = try list.nestedUnkeyedContainer()
        numbers = [try first.decode(Int.self)]
        guard try first.decodeNil(), first.isAtEnd else {
            throw DecodingError.dataCorruptedError(in: first, debugDescription: "no null")
        }
        let second = try list.nestedContainer(keyedBy: CodingKeys.self)
        numbers.append(try second.decode(Int.self, forKey: .odd))
        _ = try [Int](from: list.superDecoder())
        guard list.isAtEnd, list.count == 3, Set(outer.allKeys) == [.inner, .list] else {
            throw DecodingError.dataCorruptedError(in: list, debugDescription: "not at its end")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var outer = encoder.container(keyedBy: CodingKeys.self)
        var inner = outer.nestedContainer(keyedBy: CodingKeys.self, forKey: .inner)
        var list = outer.nestedUnkeyedContainer(forKey: .list)
        var first = list.nestedUnkeyedContainer()
        var second = list.nestedContainer(keyedBy: CodingKeys.self)
        try [Int]().encode(to: list.superEncoder())
        try second.encode(numbers[1], forKey: .odd)
        try first.encode(numbers[0])
        try first.encodeNil()
        try inner.encode(word, forKey: .odd)
    }
}

/// A list of lists of lists.
struct Deep: Codable, Equatable {
    var inner: [Deep]

    init(levels: Int) { inner = levels > 1 ? [Deep(levels: levels - 1)] : [] }
    init(from decoder: any Decoder) throws { inner = try decoder.singleValueContainer().decode([Deep].self) }
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(inner)
    }
}

struct EncodesNothing: Encodable { func encode(to encoder: any Encoder) throws {} }
