import JSON
import Testing

@Suite struct ParserTests {
    @Test(
        arguments: [
            ("null", JSON.null),
            (" \t\r\n true \t\r\n ", .bool(true)),
            ("false", .bool(false)),
            ("\"\"", ""),
            ("[]", []),
            ("{}", [:]),
            ("[ ]", []),
            ("{ }", [:]),
            ("-0", 0),
            ("[1,[2,[3]],\"4\"]", [1, [2, [3]], "4"]),
            ("{\"a\" : {\"b\":null} , \"c\":[false]}", ["a": ["b": nil], "c": [false]]),
        ] as [(String, JSON)])
    func `a text becomes its value`(text: String, value: JSON) throws {
        let parsed = try JSON(parsing: text)
        if text == "-0" {
            #expect(parsed.number?.text == "-0")
        } else {
            #expect(parsed == value)
        }
    }

    @Test(arguments: [
        ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{c}\n\r\t"),
        ("\"\\u0041\\u00e9\\u20AC\"", "Aé€"),
        ("\"\\u0000\"", "\0"),
        ("\"\\ud83d\\ude00\"", "😀"),
        ("\"é€😀\"", "é€😀"),
        ("\"a\\nb€\\tc\"", "a\nb€\tc"),
        ("\"\u{7f}\u{2028}\"", "\u{7f}\u{2028}"),
    ])
    func `a string's escapes are decoded`(text: String, value: String) throws {
        #expect(try JSON(parsing: text).string?.unicodeScalars.elementsEqual(value.unicodeScalars) == true)
    }

    @Test(arguments: [
        ("\"\\ud800\"", "\u{FFFD}"),
        ("\"\\udc00\"", "\u{FFFD}"),
        ("\"\\ud800x\"", "\u{FFFD}x"),
        ("\"\\ud800\\n\"", "\u{FFFD}\n"),
        ("\"\\ud800\\u0041\"", "\u{FFFD}A"),
        ("\"\\ud800\\ud83d\\ude00\"", "\u{FFFD}😀"),
    ])
    func `half a surrogate pair becomes the replacement character`(text: String, value: String) throws {
        #expect(try JSON(parsing: text).string == value)
    }

    @Test(arguments: [
        ("", "unexpected end", 0),
        ("  ", "unexpected end", 2),
        ("nul", "expected 'null'", 0),
        ("[tru]", "expected 'true'", 1),
        ("True", "unexpected character", 0),
        ("NaN", "unexpected character", 0),
        ("Infinity", "unexpected character", 0),
        ("+1", "unexpected character", 0),
        ("01", "unexpected text after the value", 1),
        ("-", "unexpected end", 1),
        ("-a", "expected a digit", 1),
        ("1.", "unexpected end", 2),
        (".5", "unexpected character", 0),
        ("1.e5", "expected a digit", 2),
        ("1e", "unexpected end", 2),
        ("1e+", "unexpected end", 3),
        ("0x10", "unexpected text after the value", 1),
        ("[1,]", "unexpected character", 3),
        ("[1 2]", "expected ',' or ']'", 3),
        ("[1", "unexpected end", 2),
        ("[,1]", "unexpected character", 1),
        ("]", "unexpected character", 0),
        ("{\"a\":1,}", "expected a key", 7),
        ("{a:1}", "expected a key", 1),
        ("{\"a\"}", "expected ':'", 4),
        ("{\"a\":}", "unexpected character", 5),
        ("{\"a\":1 \"b\":2}", "expected ',' or '}'", 7),
        ("{'a':1}", "expected a key", 1),
        ("\"a", "unterminated string", 0),
        ("[\"a\\", "unexpected end", 4),
        ("\"a\nb\"", "control character in a string", 2),
        ("\"\\n\tb\"", "control character in a string", 3),
        ("\"\\x41\"", "unknown escape", 1),
        ("\"\\u12g4\"", "a '\\u' escape has four hexadecimal digits", 5),
        ("\"\\u12", "a '\\u' escape has four hexadecimal digits", 5),
        ("\"\\ud800\\u12\"", "a '\\u' escape has four hexadecimal digits", 11),
        ("1 2", "unexpected text after the value", 2),
        ("{} // no", "unexpected text after the value", 3),
        ("\u{FEFF}1", "unexpected character", 0),
        ("\"a\0b\"", "control character in a string", 2),
        ("\0", "unexpected character", 0),
        ("1\u{a0}", "unexpected text after the value", 1),
    ])
    func `a mistake is named with its place`(text: String, message: String, offset: Int) {
        let error = #expect(throws: JSON.ParseError.self) { try JSON(parsing: Array(text.utf8)) }
        #expect(error?.message == message)
        #expect(error?.offset == offset)
        #expect(error?.description == "\(message) at byte \(offset)")
    }

    @Test(
        arguments: [
            ([0x22, 0x61, 0xFF, 0x22], 2),
            ([0x22, 0xC0, 0x80, 0x22], 1),  // overlong NUL
            ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),  // an encoded surrogate
            ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1),  // beyond U+10FFFF
            ([0x22, 0x5C, 0x6E, 0x61, 0xE2, 0x82, 0x22], 4),  // cut short, after an escape
            ([0x7B, 0x22, 0xFE, 0x22, 0x3A, 0x31, 0x7D], 2),  // in a key
        ] as [([UInt8], Int)])
    func `invalid UTF-8 is refused`(bytes: [UInt8], offset: Int) {
        let error = #expect(throws: JSON.ParseError.self) { try JSON(parsing: bytes) }
        #expect(error?.message == "invalid UTF-8")
        #expect(error?.offset == offset)
    }

    @Test func `the depth is limited`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSON(parsing: nested(512))
        let error = #expect(throws: JSON.ParseError.self) { try JSON(parsing: nested(513)) }
        #expect(error?.description == "nested deeper than 512 at byte 512")
        #expect(throws: JSON.ParseError.self) {
            try JSON(parsing: String(repeating: "{\"a\":", count: 1_000_000))
        }
        _ = try JSON(parsing: "[1,[2],{\"a\":[]}]", maximumDepth: 3)
        #expect(throws: JSON.ParseError.self) { try JSON(parsing: "[[[[]]]]", maximumDepth: 3) }
        #expect(throws: JSON.ParseError.self) { try JSON(parsing: "[]", maximumDepth: 0) }
    }

    @Test func `siblings do not add to the depth`() throws {
        let wide = "[" + Array(repeating: "[[]]", count: 1000).joined(separator: ",") + "]"
        #expect(try JSON(parsing: wide, maximumDepth: 3).array?.count == 1000)
    }

    @Test func `of duplicate keys the last wins, in the first's place`() throws {
        let value = try JSON(parsing: "{\"a\":1,\"b\":2,\"a\":3}")
        #expect(value.object?.keys == ["a", "b"])
        #expect(value["a"] == 3)
        #expect(value.text == "{\"a\":3,\"b\":2}")
    }

    @Test
    func `duplicate keys are an error where they are asked to be, at any depth and however they are escaped`()
        throws
    {
        for text in [#"{"a":1,"b":2,"a":3}"#, #"[{"b":{"a":1,"\u0061":1}}]"#] {
            #expect(throws: JSON.ParseError.self) { try JSON(parsing: Array(text.utf8), uniqueKeys: true) }
        }
        let fine = try JSON(parsing: Array(#"{"a":{"a":1},"b":{"a":1}}"#.utf8), uniqueKeys: true)
        #expect(fine["a"]?["a"] == 1)
    }

    @Test(.timeLimit(.minutes(1))) func `many keys cost linear time, also when written to collide`() throws {
        // 200,000 keys took minutes when each was searched for among the others.
        let plain = "{" + (0..<200_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let parsed = try JSON(parsing: plain)
        #expect(parsed.object?.count == 200_000)
        #expect(parsed["k123456"] == 123_456)
        // Sixteen letters, each composed or decomposed: 65,536 keys that are one canonical string.
        let variants = (0..<65_536).map { number in
            "\"" + (0..<16).map { number >> $0 & 1 == 0 ? "\u{e9}" : "e\u{301}" }.joined() + "\":\(number)"
        }
        let hostile = try JSON(parsing: "{" + variants.joined(separator: ",") + "}")
        #expect(hostile.object?.count == 65_536)
    }

    @Test func `every cut of a text is refused, none crashes`() throws {
        let whole = Array("{\"a\":[1.5e-3,\"x\\u00e9\\ud83d\\ude00é\",true,null,{\"b\":false}]}".utf8)
        _ = try JSON(parsing: whole)
        for length in 0..<whole.count {
            #expect(throws: JSON.ParseError.self) { try JSON(parsing: Array(whole[..<length])) }
        }
    }

    @Test func `no single wrong byte crashes, and what still parses survives a round trip`() throws {
        let whole = Array("{\"a\":[-1.5e-3,\"x\\u00e9\\ud83d\\ude00é\",true,null,{\"b\":false}]}".utf8)
        for position in whole.indices {
            for byte in UInt8.min...UInt8.max {
                var bytes = whole
                bytes[position] = byte
                guard let value = try? JSON(parsing: bytes) else { continue }
                #expect(try JSON(parsing: value.serialized()) == value)
            }
        }
    }
}
