import JSON
import Testing

@Suite struct NumberTests {
    @Test(arguments: [
        "0", "-0", "18446744073709551615", "12345678901234567890123456789012345678", "1.50", "1e5", "1E+05",
        "-2.5e-10",
        "1e999999999",
    ])
    func `the text passes through unchanged`(text: String) throws {
        #expect(JSON.Number(text: text)?.text == text)
        #expect(try JSON(parsing: text).text == text)
        #expect(try JSON(parsing: "[\(text)]")[0]?.number?.text == text)
    }

    @Test(arguments: [
        "", "-", "+1", "01", "-01", "00", "1.", ".1", "1e", "1e+", "1.e1", " 1", "1 ", "0x1", "NaN", "inf",
        "1_000",
        "１",
    ])
    func `what is no number is refused`(text: String) {
        #expect(JSON.Number(text: text) == nil)
    }

    @Test func `integers are exact or nil`() {
        #expect(JSON.Number(text: "18446744073709551615")?.integer() == UInt64.max)
        #expect(JSON.Number(text: "18446744073709551616")?.integer(as: UInt64.self) == nil)
        #expect(JSON.Number(text: "-1")?.integer(as: UInt64.self) == nil)
        #expect(JSON.Number(text: "-9223372036854775808")?.integer() == Int64.min)
        #expect(JSON.Number(text: "64.0")?.integer(as: Int.self) == nil)
        #expect(JSON.Number(text: "1e2")?.integer(as: Int.self) == nil)
        #expect(JSON.Number(text: "300")?.integer(as: UInt8.self) == nil)
    }

    @Test func `doubles are the nearest`() {
        #expect(JSON.Number(text: "0.1")?.double == 0.1)
        #expect(JSON.Number(text: "-1.5e3")?.double == -1500)
        #expect(JSON.Number(text: "9007199254740993")?.double == 9_007_199_254_740_992)
        #expect(JSON.Number(text: "1e999")?.double == .infinity)
    }

    @Test func `a double is written as JSON`() {
        #expect(JSON.Number(1.5)?.text == "1.5")
        #expect(JSON.Number(8.0)?.text == "8.0")
        #expect(JSON.Number(Double.nan) == nil)
        #expect(JSON.Number(-Double.infinity) == nil)
        for value in [1e-7, 1e21, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0] as [Double] {
            let number = JSON.Number(value)
            #expect(number.flatMap { JSON.Number(text: $0.text) } == number)
            #expect(number?.double == value)
        }
    }
}
