import Testing
@testable import Time

@Suite struct HTTPDateTests {
    @Test(
        arguments: [
            (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_795_238_796_000, "Sat, 21 Nov 2026 05:26:36 GMT"),
            (951_827_696_000, "Tue, 29 Feb 2000 12:34:56 GMT"),
            (-62_167_219_200_000, "Sat, 01 Jan 0000 00:00:00 GMT"),
        ] as [(Int64, String)])
    func `IMF-fixdate is written and read`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds + 999).httpDate == text)
        #expect(Timestamp(httpDate: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun Nov 06 08:49:37 1994",
    ])
    func `the obsolete forms are read`(text: String) {
        #expect(Timestamp(httpDate: text)?.milliseconds == 784_111_777_000)
    }

    @Test(arguments: [
        ("Wednesday, 01-Jan-76 00:00:00 GMT", "2076-01-01T00:00:00.000Z"),
        ("Saturday, 01-Jan-77 00:00:00 GMT", "1977-01-01T00:00:00.000Z"),
    ])
    func `two digits of a year reach 50 years ahead`(text: String, expected: String) {
        let now = Timestamp(milliseconds: 1_795_238_796_000)  // 2026
        #expect(Timestamp(httpDate: text, now: now)?.rfc3339 == expected)
    }

    @Test(arguments: [
        "", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
        "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06-Nov-94 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT", "0",
    ])
    func `anything else is no date`(text: String) {
        #expect(Timestamp(httpDate: text) == nil)
    }
}
