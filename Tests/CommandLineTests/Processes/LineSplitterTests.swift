import Testing

@testable import comfy_lambda

@Suite struct LineSplitterTests {
    @Test(
        arguments: [
            (["a\nb\n"], ["a", "b"], nil),
            (["a", "b\nc"], ["ab"], "c"),
            (["a\r", "\nb\r\n"], ["a", "b"], nil),
            (["\n\n"], ["", ""], nil),
            ([""], [], nil),
        ] as [([String], [String], String?)])
    func piecesBecomeLines(pieces: [String], lines: [String], rest: String?) {
        var splitter = LineSplitter()
        let found = pieces.flatMap { splitter.append(Array($0.utf8)[...]) }
        #expect(found == lines)
        #expect(splitter.rest == rest)
    }

    @Test func aCharacterCutInTwoIsWhole() {
        var splitter = LineSplitter()
        let bytes = Array("é\n".utf8)
        #expect(splitter.append(bytes[..<1]).isEmpty)
        #expect(splitter.append(bytes[1...]) == ["é"])
    }

    @Test func aLineWithoutEndIsCut() {
        var splitter = LineSplitter()
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: LineSplitter.limit * 2 + 10)
        let lines = splitter.append(bytes[...])
        #expect(lines.map(\.utf8.count) == [262_144, 262_144])
        #expect(splitter.rest == "xxxxxxxxxx")
    }

    @Test func whatIsNoTextIsRepaired() {
        var splitter = LineSplitter()
        #expect(splitter.append([0x61, 0xFF, 0x0A]) == ["a\u{FFFD}"])
    }
}
