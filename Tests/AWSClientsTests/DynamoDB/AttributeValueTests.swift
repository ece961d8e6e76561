import JSON
import Testing

@testable import AWSClients

@Suite struct AttributeValueTests {
    static let pairs: [(AttributeValue, String)] = [
        (.s("x"), #"{"S":"x"}"#), (.s(""), #"{"S":""}"#),
        (.n(18_446_744_073_709_551_615 as UInt64), #"{"N":"18446744073709551615"}"#),
        (.n("12345678901234567890123456789012345678"), #"{"N":"12345678901234567890123456789012345678"}"#),
        (.b([0, 255, 16]), #"{"B":"AP8Q"}"#), (.bool(true), #"{"BOOL":true}"#), (.null, #"{"NULL":true}"#),
        (.l([.n(1), .s("a")]), #"{"L":[{"N":"1"},{"S":"a"}]}"#), (.l([]), #"{"L":[]}"#),
        (.m(["b": .n(2), "a": .m([:])]), #"{"M":{"a":{"M":{}},"b":{"N":"2"}}}"#),
        (.ss(["y", "x"]), #"{"SS":["y","x"]}"#), (.ns(["1", "2.5"]), #"{"NS":["1","2.5"]}"#),
        (.bs([[1], []]), #"{"BS":["AQ==",""]}"#),
    ]

    @Test(arguments: pairs)
    func isWrittenAndRead(_ value: AttributeValue, _ text: String) throws {
        #expect(try value.json().text == text)
        #expect(AttributeValue(try JSON(parsing: text)) == value)
    }

    @Test(arguments: [
        "{}", "[]", "null", #"{"S":1}"#, #"{"N":1}"#, #"{"X":"y"}"#, #"{"S":"a","N":"1"}"#, #"{"B":"?"}"#,
        #"{"SS":["a",1]}"#, #"{"L":[{"Q":1}]}"#, #"{"M":{"a":1}}"#, #"{"BS":["?"]}"#,
    ])
    func whatIsNoAttributeValueIsNone(_ text: String) throws {
        #expect(AttributeValue(try JSON(parsing: text)) == nil)
    }

    @Test(arguments: [AttributeValue.ss([]), .ns([]), .bs([]), .m(["a": .l([.ss([])])]), .ns(["1", "x"])])
    func isRefusedBeforeItIsSent(_ value: AttributeValue) {
        #expect(throws: AttributeValue.Invalid.self) { try value.json() }
    }
}

@Suite struct DecimalNumberTests {
    @Test(arguments: [
        "0", "-0", "1", "-1.5", "+7", ".5", "5.", "1e10", "1E-130", "9.9E+125", "000123", "0.000",
        "12345678901234567890123456789012345678", "123456789012345678901234567890123456780000000000",
        "0.00000000000000000000000000000000000000000000000000000001",
        "-9.9999999999999999999999999999999999999E125",
    ])
    func isANumber(_ text: String) throws {
        try DecimalNumber.validate(text)
    }

    @Test(arguments: [
        ("", "\"\" is not a decimal number"), ("abc", "\"abc\" is not a decimal number"),
        ("1.2.3", "\"1.2.3\" is not a decimal number"), ("0x10", "\"0x10\" is not a decimal number"),
        ("NaN", "\"NaN\" is not a decimal number"), ("1e", "\"1e\" is not a decimal number"),
        ("1 ", "\"1 \" is not a decimal number"), ("-", "\"-\" is not a decimal number"),
        ("1e999999999", "\"1e999999999\" is not a decimal number"),
        ("123456789012345678901234567890123456789", "a number of 39 digits; DynamoDB keeps at most 38"),
        ("1.23456789012345678901234567890123456789", "a number of 39 digits; DynamoDB keeps at most 38"),
        ("1E126", "the number 1E126 is out of DynamoDB's range, 1E-130 to 9.99E+125"),
        ("1E-131", "the number 1E-131 is out of DynamoDB's range, 1E-130 to 9.99E+125"),
    ])
    func isNone(_ text: String, _ message: String) {
        let error = #expect(throws: AttributeValue.Invalid.self) { try DecimalNumber.validate(text) }
        #expect(error?.message == message)
    }
}
