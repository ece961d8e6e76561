import FoundationEssentials
import JSON
import LambdaCodable
import Testing

/// Foundation's own codecs are the judge.
@Suite struct JSONValueCodecTests {
    private func ours<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONValueDecoder().decode(type, from: try JSON(parsing: text))
    }

    private func theirs<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    /// Each reads what each has written.
    private func crossed<Value: Codable>(_ value: Value) throws -> [Value] {
        let ourText = try JSONValueEncoder().encode(value).text
        let theirText = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        #expect(try JSON(parsing: ourText) == JSON(parsing: theirText))
        return [
            try ours(Value.self, ourText), try ours(Value.self, theirText), try theirs(Value.self, ourText),
        ]
    }

    private func agree(_ value: some Codable & Equatable) throws {
        for back in try crossed(value) { #expect(back == value) }
    }

    @Test func `scalars of every width pass`() throws {
        try agree(Scalars())
        try agree([Double.greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0, 1e20, 1e-7, 3, 2e16])
        try agree([Float.greatestFiniteMagnitude, .leastNonzeroMagnitude, 16_777_216])
    }

    @Test func `nested values, dictionaries and enums with associated values pass`() throws {
        try agree(
            Nested(
                list: [[1, nil], []], optional: nil, table: ["": [.good], "é": [.bad], "5": []],
                numbered: [3: "c", -1: ""], pairs: [.bad: 1],
                shapes: [.circle(radius: 0.5), .named("a", 2), .empty]))
    }

    @Test func `dates, data, addresses and decimals pass as Foundation says them`() throws {
        try agree(Foreign())
        try agree([Foreign(), Foreign()])
    }

    @Test func `values that stand alone pass`() throws {
        try agree("text")
        try agree(7)
        try agree(true)
        try agree(String?.none)
        try agree(Date(timeIntervalSinceReferenceDate: 1))
        try agree(Data())
        try agree(Decimal(5))
        try agree([String: Int]())
        try agree([Int]())
    }

    @Test func `containers opened by hand pass in any order`() throws { try agree(ByHand()) }

    @Test func `superclasses pass, under a key and beside`() throws {
        for dog in try crossed(Dog(name: "d", age: 3)) { #expect(dog.name == "d" && dog.age == 3) }
        for cat in try crossed(Cat(name: "c", lives: 9)) { #expect(cat.name == "c" && cat.lives == 9) }
    }

    @Test(arguments: [511, 512, 513])
    func `nesting ends where Foundation's ends`(levels: Int) throws {
        let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        let judged = try? theirs(Deep.self, text)
        #expect((try? ours(Deep.self, text)) == judged)
        #expect((judged == Deep(levels: levels)) == (levels <= 512))
    }

    @Test func `of equal keys the last wins, in Foundation the first`() throws {
        #expect(try ours([String: Int].self, #"{"a":1,"a":2}"#) == ["a": 2])
        #expect(try theirs([String: Int].self, #"{"a":1,"a":2}"#) == ["a": 1])
    }

    @Test func `members stand in the order of their encoding`() throws {
        let text = try JSONValueEncoder().encode(Foreign(url: URL(string: "a/b"), decimal: 2, all: [])).text
        #expect(text == #"{"date":7.25,"data":"AAH+/w==","url":"a/b","decimal":2,"all":[]}"#)
    }
}
