import Testing

@testable import AWSClients

@Suite struct XMLReaderTests {
    private func parse(_ text: String) throws(XMLError) -> XMLElement {
        try XMLElement(parsing: Array(text.utf8))
    }

    @Test func readsElementsTextAndReferences() throws {
        let root = try parse(
            """
            <?xml version="1.0"?>
            <a xmlns="urn:x" y="1"><s:b xmlns:s="urn:s">1 &lt; 2 &amp;&#x41;</s:b><c/><b>second</b><![CDATA[<raw>]]></a>
            """)
        #expect(root.name == "a")
        #expect(root["s:b"]?.text == "1 < 2 &A")
        #expect(root.children.map(\.name) == ["s:b", "c", "b"])
        #expect(root["c"]?.text == "")
        #expect(root.text == "<raw>")
        #expect(root["none"] == nil)
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "<a></b>", "<a/><b/>", "<a>&unknown;</a>", "<a b=1/>", "\u{FEFF}",
        "<a>\u{1}</a>", "<a><![CDATA[</a>",
    ])
    func refusesWhatIsNotWellFormed(_ text: String) {
        #expect(throws: XMLError.self) { try parse(text) }
    }

    @Test func refusesBytesThatAreNoUTF8() {
        #expect(throws: XMLError.self) {
            try XMLElement(parsing: Array("<a>".utf8) + [0xC3, 0x28] + Array("</a>".utf8))
        }
    }

    @Test(arguments: [
        "<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
    ])
    func refusesDocumentTypes(_ text: String) {
        #expect(throws: XMLError(message: "a document type is refused", line: 1)) { try parse(text) }
    }

    /// The "billion laughs": without the refusal 10 entities would be a text of 3 GB. And what would read a file or ask
    /// a server, inside and outside the document.
    @Test(arguments: [
        "<!DOCTYPE l [<!ENTITY l0 \"lol\">"
            + (1...9).map { "<!ENTITY l\($0) \"\(String(repeating: "&l\($0 - 1);", count: 10))\">" }.joined()
            + "]><l>&l9;</l>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % x SYSTEM \"http://127.0.0.1/x\"> %x;]><a/>",
        "<!DOCTYPE a PUBLIC \"-//x\" \"http://127.0.0.1/x.dtd\"><a/>",
        "<!DOCTYPE a [<!ATTLIST a b CDATA \"default\">]><a/>",
    ])
    func entitiesAreNeitherExpandedNorFetched(_ text: String) {
        let error = #expect(throws: XMLError.self) { try parse(text) }
        #expect(error?.message == "a document type is refused")
    }

    @Test func attributesAndCommentsAreOnlyPassedOver() throws {
        let many = (0..<5000).map { " a\($0)=\"\($0)\"" }.joined()
        #expect(try parse("<a\(many)>x<!-- <b> --><?pi <c>?></a>").text == "x")
    }

    /// What stands behind a colon need not be a name by itself: without its prefix `a:1` could not be written again.
    @Test(arguments: ["a:1", "a:", ":", "a:b:-c", "a:\u{301}b"])
    func aNameStaysAsItIsWritten(_ name: String) throws {
        #expect(try parse("<\(name)>x</\(name)>").name == name)
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(try parse(nested(64)).name == "a")
        #expect(throws: XMLError(message: "more than 64 elements deep", line: 1)) { try parse(nested(65)) }
        #expect(throws: XMLError(message: "more than 64 elements deep", line: 1)) {
            try parse(nested(100_000))
        }
    }

    @Test func theNumberOfElementsIsBounded() {
        let text = "<a>" + String(repeating: "<b/>", count: 20) + "</a>"
        #expect(throws: XMLError(message: "more than 10 elements", line: 1)) {
            try XMLElement(parsing: Array(text.utf8), maximumElements: 10)
        }
    }

    @Test func errorsTellTheLine() {
        #expect(throws: XMLError(message: "mismatched tag", line: 3)) { try parse("<a>\n<b>\n</a>") }
    }

    @Test func whatIsEscapedReadsBackAsItWas() throws {
        let text = "a<b>&\"c\"'d'\r\n]]>"
        #expect(try parse("<x>\(XMLElement.escape(text))</x>").text == text)
    }
}
