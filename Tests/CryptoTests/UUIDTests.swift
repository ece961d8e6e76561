import Testing

@testable import Crypto

@Suite struct UUIDTests {
    @Test func `its text is read and written`() {
        let text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"  // RFC 9562 §A.6
        #expect(UUID(text)?.description == text)
        #expect(UUID(text)?.bytes.first == 0x01)
        #expect(UUID(text)?.bytes.count == 16)
    }

    @Test(arguments: [
        "", "017f22e279b07cc398c4dc0c0c07398f", "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f ", "017f22e2-79b0-7cc3-98c4-dc0c0c0739é",
        "------------------------------------",
    ])
    func `any other spelling is refused`(text: String) {
        #expect(UUID(text) == nil)
    }

    @Test func `version and variant are set`() {
        for _ in 0..<100 {
            #expect(UUID.v4().bytes[6] >> 4 == 4)
            #expect(UUID.v4().bytes[8] >> 6 == 2)
            #expect(UUID.v7(milliseconds: 1).bytes[6] >> 4 == 7)
            #expect(UUID.v7(milliseconds: 1).bytes[8] >> 6 == 2)
        }
        #expect(UUID.v4() != UUID.v4())
    }

    @Test func `an id of version 7 begins with its time`() {
        let ids = TimeOrderedIDs()
        #expect(ids.next(milliseconds: 0x017F_22E2_79B0).description.hasPrefix("017f22e2-79b0-7"))
        #expect(TimeOrderedIDs().next(milliseconds: -5).description.hasPrefix("00000000-0000-7"))
        #expect(TimeOrderedIDs().next(milliseconds: .max).description.hasPrefix("ffffffff-ffff-7"))
    }

    @Test func `ids of version 7 ascend in one millisecond and when the clock is set back`() {
        let ids = TimeOrderedIDs()
        var last = ids.next(milliseconds: 1000).description
        for round in 0..<10_000 {
            let next = ids.next(milliseconds: round.isMultiple(of: 2) ? 1000 : 900).description
            #expect(next > last)
            last = next
        }
        #expect(ids.next(milliseconds: 1001).description > last)
    }

    @Test func `an id of version 8 follows from its parts`() {
        // From `printf '\0\0\0\0\0\0\0\1a\0\0\0\0\0\0\0\2bc' | sha256sum`.
        #expect(UUID.derived(from: ["a", "bc"]).description == "3fafa1cf-2f19-87c1-929b-eb20cf0983f7")
        #expect(UUID.derived(from: ["a", "bc"]) != UUID.derived(from: ["ab", "c"]))
        #expect(UUID.derived(from: []) != UUID.derived(from: [""]))
    }
}
