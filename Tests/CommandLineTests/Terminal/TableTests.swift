import Testing

@testable import comfy_lambda

@Suite struct TableTests {
    private let plain = TerminalStyle(isTerminal: false)

    @Test func columnsAreAligned() {
        let table = Table(
            header: ["Event", "Time"], rows: [["a.json", "8 ms"], ["longer.json", "120 ms"]],
            rightAligned: [1])
        #expect(
            table.rendered(plain) == """
                Event          Time
                ───────────  ──────
                a.json         8 ms
                longer.json  120 ms
                """)
    }

    @Test func rowsMayBeShortAndHeadersAbsent() {
        #expect(Table(rows: [["a", "bb"], ["ccc"], []]).rendered(plain) == "a    bb\nccc\n")
    }

    @Test func theHeaderIsBoldWhereColoursAre() {
        let style = TerminalStyle(isTerminal: true, color: true)
        #expect(Table(header: ["A"], rows: [["b"]]).rendered(style) == "\u{1B}[1mA\u{1B}[0m\n─\nb")
    }

    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (34_249, "34.2 KB"), (1_850_000, "1.9 MB"),
    ])
    func bytesAreReadable(count: Int, text: String) {
        #expect(Quantity.bytes(count) == text)
    }

    @Test(arguments: [(0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (2449, "2.4 s"), (75_000, "75.0 s")])
    func timesAreReadable(milliseconds: Int, text: String) {
        #expect(Quantity.time(milliseconds: milliseconds) == text)
    }
}
