import Testing

@testable import comfy_lambda

@Suite struct CommandSyntaxTests {
    private let syntax = CommandSyntax(
        name: "paint", summary: "Paint a wall.", operands: ["WALL"], discussion: "Paints.",
        options: [
            .init("--color", .one("NAME"), "The colour.\nDefault: white."),
            .init("--coat", .many("N"), "A coat."),
            .init("--wet", .flag, "Wet."),
        ],
        examples: ["comfy-lambda paint --wet north"])

    private static let failures: [([String], String)] = [
        (["--colour", "red", "w"], "unknown option '--colour', did you mean '--color'?"),
        (["--zebra", "w"], "unknown option '--zebra'"),
        (["--color"], "option '--color' needs a value: NAME"),
        (["--wet=yes", "w"], "option '--wet' takes no value"),
        (["--color", "a", "--color", "b", "w"], "option '--color' is given twice"),
        ([], "WALL is missing"),
        (["w", "x"], "unexpected argument 'x'"),
        (["-x", "w"], "unknown option '-x'"),
    ]

    @Test(arguments: failures)
    func whatIsWrongIsNamed(words: [String], message: String) {
        #expect(throws: UsageError(message, in: "paint")) { try syntax.parse(words) }
    }

    @Test(arguments: [
        ["--color", "red", "--coat", "1", "--coat=2", "--wet", "north"],
        ["north", "--color=red", "--coat=1", "--wet", "--coat", "2"],
    ])
    func optionsAndOperandsComeInAnyOrder(words: [String]) throws {
        let arguments = try syntax.parse(words)
        #expect(arguments.operands == ["north"])
        #expect(arguments.text("--color") == "red")
        #expect(arguments.texts("--coat") == ["1", "2"])
        #expect(arguments.flag("--wet"))
        #expect(!arguments.asksForHelp)
    }

    @Test func twoHyphensEndTheOptions() throws {
        #expect(try syntax.parse(["--", "--wet"]).operands == ["--wet"])
    }

    @Test func aHyphenAloneIsAnOperandAndAValue() throws {
        let arguments = try syntax.parse(["--color", "-", "-"])
        #expect(arguments.text("--color") == "-")
        #expect(arguments.operands == ["-"])
    }

    @Test(arguments: [["--help"], ["-h"], ["w", "--help", "x", "y"]])
    func helpNeedsNothingElse(words: [String]) throws {
        #expect(try syntax.parse(words).asksForHelp)
    }

    @Test func helpSaysEverything() {
        #expect(
            syntax.helpText == """
                Paint a wall.

                Usage: comfy-lambda paint [OPTIONS] WALL

                Paints.

                Options:
                  --color NAME  The colour.
                                Default: white.
                  --coat N      A coat.
                  --wet         Wet.
                  --help        Show this help and exit.

                Examples:
                  comfy-lambda paint --wet north

                """)
    }
}
