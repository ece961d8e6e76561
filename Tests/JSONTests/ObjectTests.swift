import JSON
import Testing

@Suite struct ObjectTests {
    @Test func `members keep their order through every change`() {
        var object: JSON.Object = ["z": 1, "a": 2, "m": 3]
        object["a"] = 20
        object["new"] = true
        #expect(object.keys == ["z", "a", "m", "new"])
        object["z"] = nil
        object["absent"] = nil
        #expect(object.keys == ["a", "m", "new"])
        #expect(object.values == [20, 3, true])
        object["z"] = 4
        #expect(object.map(\.key) == ["a", "m", "new", "z"])
        #expect(object["z"] == 4)
        #expect(object["y"] == nil)
    }

    @Test func `it stays right past the size where it is indexed`() {
        var object = JSON.Object()
        for number in 0..<100 { object["k\(number)"] = .number(number) }
        for number in stride(from: 0, to: 100, by: 2) { object["k\(number)"] = nil }
        object["k1"] = "one"
        object["k0"] = "back"
        #expect(object.count == 51)
        #expect(object.keys.first == "k1")
        #expect(object.keys.last == "k0")
        #expect(object["k1"] == "one")
        #expect(object["k99"] == 99)
        #expect(object["k98"] == nil)
        for key in object.keys { object[key] = nil }
        #expect(object.isEmpty)
    }

    @Test func `a null member is there`() {
        let object: JSON.Object = ["a": nil]
        #expect(object.count == 1)
        #expect(object["a"]?.isNull == true)
    }

    @Test func `keys are compared by their bytes`() throws {
        let composed = "\u{e9}"
        let decomposed = "e\u{301}"
        let object: JSON.Object = [composed: 1, decomposed: 2]
        #expect(object.count == 2)
        #expect(object[composed] == 1)
        #expect(object[decomposed] == 2)
    }

    @Test func `equality and hash ignore the order`() {
        let one: JSON.Object = ["a": 1, "b": [2]]
        let other: JSON.Object = ["b": [2], "a": 1]
        #expect(one == other)
        #expect(Set([one, other]).count == 1)
        #expect(one != ["a": 1])
        #expect(one != ["a": 1, "b": [3]])
        #expect(one != ["a": 1, "c": [2]])
    }

    @Test func `a literal's last duplicate wins`() {
        #expect((["a": 1, "a": 2] as JSON.Object).count == 1)
        #expect((["a": 1, "a": 2] as JSON)["a"] == 2)
    }

    @Test func `values are found by key and position, and missed without a trap`() {
        let value: JSON = ["list": [1, "two"], "n": 1.5, "none": nil]
        #expect(value["list"]?[1]?.string == "two")
        #expect(value["list"]?[2] == nil)
        #expect(value["list"]?[-1] == nil)
        #expect(value["list"]?["key"] == nil)
        #expect(value["n"]?[0] == nil)
        #expect(value["n"]?.double == 1.5)
        #expect(value["n"]?.int == nil)
        #expect(value["none"]?.isNull == true)
        #expect(value["absent"] == nil)
    }
}
