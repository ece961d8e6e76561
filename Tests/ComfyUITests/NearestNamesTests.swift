import Testing

@testable import ComfyUI

@Suite struct NearestNamesTests {
    /// Levenshtein's own examples and the edges.
    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2),
        ("gumbo", "gambol", 2), ("same", "same", 0), ("--jsno", "--json", 2),
    ])
    func distance(a: String, b: String, expected: Int) {
        #expect(NearestNames.distance(Array(a.utf8), Array(b.utf8)) == expected)
    }

    @Test func theNearestComeFirst() {
        let names = ["dreamshaper_8", "sd_xl_base_1.0", "sd_xl_refiner_1.0", "v1-5-pruned"]
        #expect(
            NearestNames.of("SDXL_base_1.0", among: names, count: 2) == [
                "sd_xl_base_1.0", "sd_xl_refiner_1.0",
            ])
        #expect(NearestNames.of("anything", among: []) == [])
    }

    @Test(arguments: [
        (0, []), (1, ["--port"]), (2, ["--port", "--sort"]), (9, ["--port", "--sort", "--timeout"]),
    ])
    func namesFartherThanWantedAreLeftOut(within: Int, expected: [String]) {
        let names = ["--timeout", "--sort", "--port"]
        #expect(NearestNames.of("--prt", among: names, within: within) == expected)
    }
}
