import JSON
import Testing

@testable import AWSClients

/// The expected sizes are counted by hand from
/// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html.
@Suite struct ItemSizeTests {
    static let sizes: [(AttributeValue, Int)] = [
        (.s(""), 0), (.s("abc"), 3), (.s("üñ"), 4), (.b([1, 2, 3]), 3), (.bool(false), 1), (.null, 1),
        (.n("0"), 1), (.n("7"), 2), (.n("12"), 2), (.n("123"), 3), (.n("-12.5"), 3), (.n("1200000"), 2),
        (.n("0.0012"), 2), (.n("1e10"), 2), (.n("12345678901234567890123456789012345678"), 20),
        (.l([]), 3), (.l([.s("ab"), .bool(true)]), 3 + (1 + 2) + (1 + 1)),
        (.m([:]), 3), (.m(["key": .s("v")]), 3 + 1 + 3 + 1), (.ss(["a", "bc"]), 3), (.ns(["1", "22"]), 4),
        (.bs([[1], [2, 3]]), 3), (.l([.m(["a": .l([.null])])]), 3 + 1 + (3 + 1 + 1 + (3 + 1 + 1))),
    ]

    @Test(arguments: sizes)
    func followsThePublishedRules(_ value: AttributeValue, _ size: Int) {
        #expect(value.size == size)
        #expect(AttributeValue.size(of: ["né": value]) == 3 + size)
    }

    @Test func anItemOf400KBIsTheLargest() throws {
        let text = String(repeating: "x", count: 409_600 - 3 - 1)
        #expect(throws: Never.self) { try AttributeValue.checkedJSON(["pk": .s("k"), "a": .s(text)]) }
        let error = #expect(throws: AttributeValue.Invalid.self) {
            try AttributeValue.checkedJSON(["pk": .s("k"), "a": .s(text + "x")])
        }
        #expect(error?.message == "an item of 409601 bytes; at most 409,600 (400 KB) are allowed")
    }

    /// As recorded of the real service by the authors of an emulator (docs.rs/dynoxide-rs, nesting_depth.rs): 31 maps
    /// around a scalar pass, 32 do not.
    @Test func valuesAreAtMost32LevelsDeep() throws {
        func nested(_ depth: Int) -> AttributeValue {
            (0..<depth).reduce(.s("leaf")) { value, _ in .m(["n": value]) }
        }
        #expect(throws: Never.self) { try nested(31).json() }
        #expect(throws: AttributeValue.Invalid.self) { try nested(32).json() }
        #expect(throws: AttributeValue.Invalid.self) {
            try AttributeValue.json(["a": .l([nested(31)])])
        }
    }
}
