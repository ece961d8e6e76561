import Testing

@testable import comfy_lambda

@Suite struct EnvironmentFileTests {
    @Test(arguments: [
        ("A=1", ["A=1"]),
        ("A=1\nB=2\n", ["A=1", "B=2"]),
        ("A=1\r\nB=2\r\n", ["A=1", "B=2"]),
        ("\n# a comment\n  # another\nA=1 # no comment", ["A=1 # no comment"]),
        ("export A=1", ["A=1"]),
        ("A=\"a b\"\nB='c d'\nC=\"", ["A=a b", "B=c d", "C=\""]),
        ("  A =  x y  ", ["A=x y"]),
        ("A=", ["A="]),
        ("A=$HOME=1", ["A=$HOME=1"]),
        ("", []),
    ])
    func linesBecomeVariables(text: String, expected: [String]) throws {
        let variables = try EnvironmentFile.parse(text)
        #expect(variables.map { "\($0.name)=\($0.value)" } == expected)
    }

    @Test(arguments: [("A=1\nnonsense", 2), ("=1", 1), ("1A=2", 1), ("A B=2", 1), ("A-B=2", 1)])
    func anythingElseIsRefusedByItsLine(text: String, line: Int) {
        #expect(throws: EnvironmentFile.Malformed(line: line)) { try EnvironmentFile.parse(text) }
    }
}
