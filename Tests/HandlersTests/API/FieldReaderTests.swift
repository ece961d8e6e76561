import JSON
import Testing

@testable import Handlers

struct FieldReaderTests {
    private static func object(_ text: String) throws -> JSON.Object {
        try #require(try JSON(parsing: text).object)
    }

    /// `code` is nil for a value that is taken.
    private func code<Value>(_ json: String, _ type: FieldType<Value>) throws -> String? {
        var reader = FieldReader(try Self.object(#"{"f": \#(json)}"#))
        _ = reader.read(Field(required: "f", type))
        return reader.faults.first?.code
    }

    @Test(
        arguments: [
            ("64", nil), ("2048", nil), ("63", "out_of_range"), ("2049", "out_of_range"),
            ("65", "not_a_multiple"),
            ("64.0", nil), ("6.4e1", nil), ("6400.0e-2", nil), ("64.5", "wrong_type"),
            ("6.41e1", "wrong_type"),
            ("\"64\"", "wrong_type"), ("true", "wrong_type"), ("[]", "wrong_type"),
            ("1e4", "out_of_range"), ("1e999999999999999999999", "out_of_range"),
            ("1e-999999999999999999999", "wrong_type"), ("0e99", "out_of_range"),
            ("99999999999999999999", "out_of_range"), ("-8", "out_of_range"),
            ("null", "required"),
        ] as [(String, String?)])
    func integers(_ json: String, _ expected: String?) throws {
        #expect(try code(json, FieldType<Int>.integer(64...2048, multipleOf: 8)) == expected)
    }

    @Test(
        arguments: [
            ("0", nil), ("-0.0", nil), ("18446744073709551615", nil),
            ("18446744073709551616", "out_of_range"),
            ("1.8446744073709551615e19", nil), ("18446744073709551615.0", nil),
            ("-1", "out_of_range"),
        ] as [(String, String?)])
    func seedsOf64Bits(_ json: String, _ expected: String?) throws {
        #expect(try code(json, FieldType<UInt64>.integer(0...UInt64.max)) == expected)
    }

    @Test(
        arguments: [
            ("1", nil), ("7.5", nil), ("30.0", nil), ("0.99", "out_of_range"), ("1e400", "out_of_range"),
            ("\"7\"", "wrong_type"),
        ] as [(String, String?)])
    func numbers(_ json: String, _ expected: String?) throws {
        #expect(try code(json, .number(1...30)) == expected)
    }

    @Test(
        arguments: [
            (#""a""#, nil), (#""äöü€😀""#, nil), (#""äöü€😀x""#, "too_long"), (#""""#, "too_short"),
            (#""a\tb\n""#, nil), (#""a\u0000""#, "control_character"), (#""a\u001b""#, "control_character"),
            (#""a\u007f""#, "control_character"), (#""a\u0085""#, "control_character"), (#""a\r\nb""#, nil),
            (#""a\rb""#, "control_character"),
            (#""a\r""#, "control_character"),
            (#""<>\"'&""#, nil), ("1", "wrong_type"),
        ] as [(String, String?)])
    func texts(_ json: String, _ expected: String?) throws {
        #expect(try code(json, .text(1...5)) == expected)
    }

    @Test(
        arguments: [
            ("\"https://example.org/hook?a=b\"", nil), ("\"http://127.0.0.1:8080/\"", nil),
            ("\"ftp://example.org/\"", "malformed"), ("\"wss://example.org/\"", "malformed"),
            ("\"https://user:secret@example.org/\"", "malformed"), ("\"/hook\"", "malformed"),
            ("7", "wrong_type"),
        ] as [(String, String?)])
    func webAddresses(_ json: String, _ expected: String?) throws {
        #expect(try code(json, .webAddress) == expected)
    }

    @Test(
        arguments: [
            ("1", nil), ("10", nil), ("\"low\"", nil), ("\"normal\"", nil), ("\"high\"", nil),
            ("0", "out_of_range"), ("11", "out_of_range"), ("\"urgent\"", "not_a_choice"),
            ("5.5", "wrong_type"),
            ("{}", "wrong_type"),
        ] as [(String, String?)])
    func priorities(_ json: String, _ expected: String?) throws {
        #expect(try code(json, .priority) == expected)
    }

    @Test(arguments: [("\"low\"", 2), ("\"normal\"", 5), ("\"high\"", 8), ("3", 3)])
    func priorityNames(_ json: String, _ expected: Int) throws {
        var reader = FieldReader(try Self.object(#"{"priority": \#(json)}"#))
        #expect(reader.read(Field("priority", .priority, default: 5)) == expected)
    }

    @Test(
        arguments: [
            (#"["gpu=a100", "x.y:z-1_2"]"#, nil), ("[]", nil), (#"["a","b","c","d"]"#, "too_long"),
            (#"["a", "b c"]"#, "malformed"), (#"["a", 1]"#, "wrong_type"), (#""a""#, "wrong_type"),
            (#"[""]"#, "malformed"),
        ] as [(String, String?)])
    func lists(_ json: String, _ expected: String?) throws {
        #expect(try code(json, FieldType<[String]>.list(of: .label, maximum: 3)) == expected)
    }

    @Test func objectsAreMeasuredCompact() throws {
        #expect(try code(#"{"a":    "1234"}"#, .object(maximumBytes: 12)) == nil)
        #expect(try code(#"{"a":"12345"}"#, .object(maximumBytes: 12)) == "too_long")
        #expect(try code("[]", .object(maximumBytes: 12)) == "wrong_type")
    }

    @Test func everyFaultIsReportedAtOnceAndUnknownFieldsByName() throws {
        var reader = FieldReader(
            try Self.object(#"{"steps": 0, "prmpt": "x", "width": "wide", "height": 64}"#))
        _ = reader.read(Field(required: "prompt", .text(1...10)))
        _ = reader.read(Field("width", FieldType<Int>.integer(64...2048), default: 512))
        _ = reader.read(Field("height", FieldType<Int>.integer(64...2048), default: 512))
        _ = reader.read(Field("steps", FieldType<Int>.integer(1...150), default: 20))
        var finished = reader
        let error = #expect(throws: APIError.self) { try finished.finish() }
        #expect(error?.code == .validationError)
        #expect(
            error?.details
                == [
                    "errors": [
                        ["field": "prompt", "code": "required", "message": "'prompt' is required."],
                        [
                            "field": "width", "code": "wrong_type",
                            "message": "'width' must be a whole number from 64 to 2048.",
                        ],
                        [
                            "field": "steps", "code": "out_of_range",
                            "message": "'steps' must be a whole number from 1 to 150.",
                        ],
                        [
                            "field": "prmpt", "code": "unknown_field",
                            "message": "'prmpt' is no field of this request.",
                        ],
                    ]
                ])
        #expect(error?.message == "The request has 4 faults; see details.errors.")
    }

    @Test func absentAndNullMeanTheDefault() throws {
        var reader = FieldReader(try Self.object(#"{"steps": null}"#))
        #expect(reader.read(Field("steps", FieldType<Int>.integer(1...150), default: 20)) == 20)
        #expect(reader.read(Field<UInt64?>(optional: "seed", .integer(0...9))) == nil)
        #expect(!reader.has("steps"))
        try reader.finish()
    }

    @Test func aHostileRequestGetsAShortAnswer() throws {
        var members: JSON.Object = [:]
        for index in 0..<5000 { members["\(index)" + String(repeating: "x", count: 1000)] = 1 }
        var reader = FieldReader(members)
        let error = #expect(throws: APIError.self) { try reader.finish() }
        let listed = error?.details?["errors"]?.array
        #expect(listed?.count == 101)
        #expect(listed?.last?["message"] == "4900 more faults are not listed.")
        #expect((error?.json(requestID: "r").serialized().count ?? .max) < 30_000)
    }

    @Test func queryValuesAreTextAndComeOnce() throws {
        var reader = FieldReader(query: [("limit", "7"), ("limit", "8"), ("x", "")])
        let limit = Field("limit", FieldType<Int>.integer(1...100, textual: true), default: 20)
        #expect(reader.read(limit) == 8)
        let error = #expect(throws: APIError.self) { try reader.finish() }
        let codes = error?.details?["errors"]?.array?.map { $0["code"]?.string }
        #expect(codes == ["repeated", "unknown_field"])
        for text in ["", "x", "0", "101", "1.5", " 7", "+7", "07"] {
            var reader = FieldReader(query: [("limit", text)])
            _ = reader.read(limit)
            #expect(reader.faults.count == 1, "\(text)")
        }
    }
}
