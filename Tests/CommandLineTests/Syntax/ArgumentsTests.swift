import Testing

@testable import comfy_lambda

@Suite struct ArgumentsTests {
    private func arguments(_ values: [String: [String]]) -> Arguments {
        var arguments = Arguments(command: "paint")
        arguments.values = values
        return arguments
    }

    @Test func anAbsentNumberIsTheStandard() throws {
        #expect(try arguments([:]).integer("--coats", 2, in: 1...9) == 2)
    }

    @Test func aNumberInItsRange() throws {
        #expect(try arguments(["--coats": ["9"]]).integer("--coats", 2, in: 1...9) == 9)
    }

    @Test(arguments: ["0", "10", "two", "", "1.5", "99999999999999999999"])
    func aNumberOutsideIsRefused(text: String) {
        #expect(
            throws: UsageError(
                "option '--coats' is '\(text)'; expected a whole number from 1 to 9", in: "paint")
        ) { try arguments(["--coats": [text]]).integer("--coats", 2, in: 1...9) }
    }

    @Test func aChoiceIsOneOfItsWords() throws {
        #expect(try arguments(["--tone": ["warm"]]).choice("--tone", ["cold": 1, "warm": 2]) == 2)
        #expect(try arguments([:]).choice("--tone", ["cold": 1]) == nil)
        #expect(throws: UsageError("option '--tone' is 'hot'; expected one of cold, warm", in: "paint")) {
            try arguments(["--tone": ["hot"]]).choice("--tone", ["cold": 1, "warm": 2])
        }
    }

    @Test func assignmentsKeepWhatFollowsTheFirstEqualsSign() throws {
        let pairs = try arguments(["--env": ["A=1", "B=", "C=x=y"]]).assignments("--env")
        #expect(pairs.map(\.name) == ["A", "B", "C"])
        #expect(pairs.map(\.value) == ["1", "", "x=y"])
    }

    @Test(arguments: ["A", "=1", ""])
    func whatIsNoAssignmentIsRefused(text: String) {
        #expect(throws: UsageError("option '--env' is '\(text)'; expected NAME=VALUE", in: "paint")) {
            try arguments(["--env": [text]]).assignments("--env")
        }
    }

    @Test func aUsageErrorSaysWhereToReadOn() {
        #expect(
            UsageError("WALL is missing", in: "paint").description
                == "comfy-lambda paint: WALL is missing\nSee 'comfy-lambda paint --help'.")
        #expect(
            UsageError("unknown command 'x'").description
                == "comfy-lambda: unknown command 'x'\nSee 'comfy-lambda --help'.")
    }
}
