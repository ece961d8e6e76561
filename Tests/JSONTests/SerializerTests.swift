import JSON
import Testing

@Suite struct SerializerTests {
    @Test func `the text is compact and in order`() {
        let value: JSON = [
            "z": [1, -2.5, true, false, nil], "a": ["nested": [:], "list": []], "": "text",
        ]
        #expect(value.text == #"{"z":[1,-2.5,true,false,null],"a":{"nested":{},"list":[]},"":"text"}"#)
    }

    @Test(arguments: [
        ("plain é€😀/", "\"plain é€😀/\""),
        ("\"\\", #""\"\\""#),
        ("\u{8}\u{9}\u{a}\u{c}\u{d}", #""\b\t\n\f\r""#),
        ("\0\u{1}\u{f}\u{10}\u{1f}", #""\u0000\u0001\u000f\u0010\u001f""#),
        ("\u{7f}\u{2028}", "\"\u{7f}\u{2028}\""),
    ])
    func `what must be escaped is`(string: String, text: String) {
        #expect(JSON.string(string).text == text)
        #expect(([string: nil] as JSON).text == "{\(text):null}")
    }

    @Test func `bytes are appended`() {
        var bytes: [UInt8] = Array("data: ".utf8)
        (["a": 1] as JSON).serialize(into: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == "data: {\"a\":1}")
    }

    @Test func `the text for people is indented`() {
        let value: JSON = ["a": [1, [], [:]], "b": ["c": "d"]]
        #expect(
            value.prettyText == """
                {
                  "a": [
                    1,
                    [],
                    {}
                  ],
                  "b": {
                    "c": "d"
                  }
                }
                """)
    }
}
