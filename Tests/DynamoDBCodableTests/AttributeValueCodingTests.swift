import AWSClients
import DynamoDBCodable
import Testing

@Suite struct AttributeValueCodingTests {
    enum State: String, Codable { case queued, running }

    enum Outcome: Codable, Equatable {
        case done(count: Int)
        case failed
    }

    struct Size: Codable, Equatable {
        var width: Int
        var height: UInt8
    }

    struct Job: Codable, Equatable {
        var id: String
        var state: State
        var seed: UInt64
        var scale: Double
        var ratio: Float
        var flag: Bool
        var bytes: [UInt8]
        var size: Size
        var sizes: [Size]
        var labels: [String: Int]
        var note: String?
        var end: Int?
        var matrix: [[Int]]
        var outcome: Outcome
        var other: Outcome
        var tags: AttributeValue
        var exact: AttributeValue
        var gaps: [Int?]
    }

    static let job = Job(
        id: "j", state: .running, seed: .max, scale: 0.5, ratio: 1.25, flag: true, bytes: [0, 255],
        size: Size(width: -1, height: 2), sizes: [Size(width: 3, height: 4)], labels: ["a": 1], note: nil,
        end: 7,
        matrix: [[1], [], [2, 3]], outcome: .done(count: 2), other: .failed, tags: .ss(["x", "y"]),
        exact: .n("12345678901234567890123456789012345678"), gaps: [1, nil])

    static let item: Item = [
        "id": .s("j"), "state": .s("running"), "seed": .n("18446744073709551615"), "scale": .n("0.5"),
        "ratio": .n("1.25"), "flag": .bool(true), "bytes": .b([0, 255]),
        "size": .m(["width": .n("-1"), "height": .n("2")]),
        "sizes": .l([.m(["width": .n("3"), "height": .n("4")])]), "labels": .m(["a": .n("1")]),
        "end": .n("7"),
        "matrix": .l([.l([.n("1")]), .l([]), .l([.n("2"), .n("3")])]),
        "outcome": .m(["done": .m(["count": .n("2")])]), "other": .m(["failed": .m([:])]),
        "tags": .ss(["x", "y"]), "exact": .n("12345678901234567890123456789012345678"),
        "gaps": .l([.n("1"), .null]),
    ]

    @Test func aValueIsAnItemAndBack() throws {
        #expect(try AttributeValueEncoder().encodeItem(Self.job) == Self.item)
        #expect(try AttributeValueDecoder().decode(Job.self, from: Self.item) == Self.job)
    }

    @Test func aSetIsReadAsAListOrASet() throws {
        let decoder = AttributeValueDecoder()
        #expect(try decoder.decode([String].self, from: .ss(["a", "b"])) == ["a", "b"])
        #expect(try decoder.decode(Set<Int>.self, from: .ns(["1", "2"])) == [1, 2])
        #expect(try decoder.decode([[UInt8]].self, from: .bs([[1], []])) == [[1], []])
    }

    @Test func nullIsAnAbsentOptional() throws {
        let decoder = AttributeValueDecoder()
        #expect(
            try decoder.decode([String: Int?].self, from: .m(["a": .null, "b": .n("1")])) == [
                "a": nil, "b": 1,
            ])
        #expect(try decoder.decode(Int?.self, from: .null) == nil)
    }

    class Base: Codable {
        var a = 1
    }

    final class Derived: Base {
        var b = 2
        enum Keys: CodingKey { case b }
        override init() { super.init() }
        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            b = try container.decode(Int.self, forKey: .b)
            try super.init(from: container.superDecoder())
        }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(b, forKey: .b)
            try super.encode(to: container.superEncoder())
        }
    }

    @Test func aSuperclassHasAMapOfItsOwn() throws {
        let item: Item = ["b": .n("2"), "super": .m(["a": .n("1")])]
        #expect(try AttributeValueEncoder().encodeItem(Derived()) == item)
        let read = try AttributeValueDecoder().decode(Derived.self, from: item)
        #expect(read.a == 1 && read.b == 2)
    }

    /// Two encoding calls into one container by hand, as a custom `encode(to:)` writes them.
    struct Flat: Codable, Equatable {
        var x: Int, y: [Int]
        enum Keys: CodingKey { case x, y }
        init(x: Int, y: [Int]) { (self.x, self.y) = (x, y) }
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            x = try container.decode(Int.self, forKey: .x)
            var list = try container.nestedUnkeyedContainer(forKey: .y)
            y = []
            while !list.isAtEnd { y.append(try list.decode(Int.self)) }
        }
        func encode(to encoder: any Encoder) throws {
            var first = encoder.container(keyedBy: Keys.self)
            try first.encode(x, forKey: .x)
            var again = encoder.container(keyedBy: Keys.self)
            var list = again.nestedUnkeyedContainer(forKey: .y)
            for element in y { try list.encode(element) }
        }
    }

    @Test func nestedContainersAreOneValue() throws {
        let item: Item = ["x": .n("1"), "y": .l([.n("2"), .n("3")])]
        #expect(try AttributeValueEncoder().encodeItem(Flat(x: 1, y: [2, 3])) == item)
        #expect(try AttributeValueDecoder().decode(Flat.self, from: item) == Flat(x: 1, y: [2, 3]))
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func whatDynamoDBCannotSayIsRefused(_ number: Double) {
        #expect(throws: EncodingError.self) { try AttributeValueEncoder().encode(["a": number]) }
    }

    @Test func anItemHasNamedMembers() {
        #expect(throws: EncodingError.self) { try AttributeValueEncoder().encodeItem([1, 2]) }
        #expect(throws: EncodingError.self) { try AttributeValueEncoder().encodeItem("text") }
    }

    @Test(arguments: [
        (AttributeValue.n("256"), "256 is no UInt8"), (.n("-1"), "-1 is no UInt8"),
        (.n("1.5"), "1.5 is no UInt8"),
        (.s("1"), "found S"), (.null, "found NULL"),
    ])
    func errorsTellThePathAndWhatWasFound(_ value: AttributeValue, _ message: String) {
        do {
            _ = try AttributeValueDecoder().decode(
                [Size].self, from: .l([.m(["width": .n("1"), "height": value])]))
            Issue.record("no error")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context) {
            #expect(context.codingPath.map(\.stringValue) == ["0", "height"])
            #expect(context.debugDescription == message)
        } catch {
            Issue.record(error)
        }
    }

    @Test func whatIsMissingIsNamed() {
        let error = #expect(throws: DecodingError.self) {
            try AttributeValueDecoder().decode(Size.self, from: ["width": .n("1")])
        }
        guard case .keyNotFound(let key, _) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(key.stringValue == "height")
    }
}
