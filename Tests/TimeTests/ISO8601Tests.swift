import Testing
import Time

@Suite struct ISO8601Tests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_238_796_123, "2026-11-21T05:26:36.123Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (-62_162_035_200_001, "0000-02-29T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func `RFC 3339 is written and read`(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test func `a year beyond the format is the nearest in it`() {
        #expect(Timestamp(milliseconds: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .min).rfc3339 == "0000-01-01T00:00:00.000Z")
    }

    @Test(
        arguments: [
            ("1985-04-12T23:20:50.52Z", 482_196_050_520),  // RFC 3339 §5.8
            ("1996-12-19T16:39:57-08:00", 851_042_397_000),
            ("1990-12-31T23:59:60Z", 662_688_000_000),
            ("1990-12-31T15:59:60-08:00", 662_688_000_000),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130),
            ("2026-11-21t05:26:36z", 1_795_238_796_000),
            ("2026-11-21T05:26:36.1239999Z", 1_795_238_796_123),
            ("2026-11-21T05:26:36-00:00", 1_795_238_796_000),
        ] as [(String, Int64)])
    func `every form of RFC 3339 is read`(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T05:26:36", "2026-11-21 05:26:36Z", "2026-11-21T05:26Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T05:60:00Z", "2026-11-21T05:26:61Z",
        "2026-11-21T05:26:60Z", "2026-11-21T05:26:36.Z", "2026-11-21T05:26:36+0100",
        "2026-11-21T05:26:36+24:00",
        "2026-11-21T05:26:36+01:60", "2026-11-21T05:26:36Zx", " 2026-11-21T05:26:36Z", "+026-11-21T05:26:36Z",
        "２026-11-21T05:26:36Z", "20261121T052636Z",
    ])
    func `anything else is no RFC 3339`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `the basic form is written and read`() {
        let moment = Timestamp(milliseconds: 1_440_938_160_999)
        #expect(moment.basicISO8601 == "20150830T123600Z")
        #expect(moment.basicDate == "20150830")
        #expect(Timestamp(basicISO8601: "20150830T123600Z")?.milliseconds == 1_440_938_160_000)
    }

    @Test(arguments: [
        "", "20150830", "20150830T123600", "20150830T1236Z", "2015-08-30T12:36:00Z", "20150830T123660Z",
        "20151330T123600Z", "20150830T123600Z ",
    ])
    func `anything else is no basic form`(text: String) {
        #expect(Timestamp(basicISO8601: text) == nil)
    }
}
