import Testing

@testable import HTTP

@Suite struct KnownTextsTests {
    private let known = KnownTexts(["Content-Type", "Lambda-Runtime-Trace-Id"])

    /// A name is given as it was written, whether it is known, or differs from one that is in case, in its end, or in its length.
    @Test(arguments: [
        "Lambda-Runtime-Trace-Id", "Lambda-runtime-Trace-Id", "lambda-Runtime-Trace-Id",
        "Lambda-Runtime-Trace-ID",
        "Lambda-Runtime-Trace-Ids", "untime-Trace-Id", "Content-Type", "X", "",
    ]) func `a name is what was written`(name: String) {
        #expect(known.text(Array(name.utf8).span) == name)
        #expect(KnownTexts.none.text(Array(name.utf8).span) == name)
    }

    @Test func `what is no UTF-8 is repaired`() {
        #expect(known.text([0x58, 0xFF].span) == "X\u{FFFD}")
    }
}
