import Testing

@testable import comfy_lambda

/// Of a descriptor that is no terminal, as in any test run.
@Suite struct TerminalStyleTests {
    @Test(arguments: [
        (["LANG": "en_US.UTF-8"], true), (["LANG": "de_DE.utf8"], true), (["LANG": "C"], false), ([:], false),
        (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false), (["LC_ALL": "", "LANG": "C.UTF-8"], true),
    ])
    func theLocaleSaysWhetherBlocksCanBeShown(environment: [String: String], unicode: Bool) {
        #expect(TerminalStyle(of: -1, environment: environment).unicode == unicode)
    }

    @Test func whatIsNoTerminalHasNoColourAndAWidth() {
        let style = TerminalStyle(of: -1, environment: ["COLUMNS": "132"])
        #expect(style == TerminalStyle(isTerminal: false, columns: 132, color: false, unicode: false))
        #expect(TerminalStyle(of: -1, environment: [:]).columns == 80)
    }

    @Test func paintIsTextWithoutColours() {
        #expect(TerminalStyle(isTerminal: true).paint("x", .red) == "x")
        #expect(TerminalStyle(isTerminal: true, color: true).paint("x", .red) == "\u{1B}[31mx\u{1B}[0m")
    }
}
