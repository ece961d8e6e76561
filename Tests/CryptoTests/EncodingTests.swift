import Crypto
import Testing

@Suite struct HexTests {
    @Test func `bytes are written in lower case and read in either`() {
        let bytes: [UInt8] = [0x00, 0x0F, 0xA5, 0xFF]
        #expect(Hex.encode(bytes) == "000fa5ff")
        #expect(Hex.decode("000fA5Ff") == bytes)
        #expect(Hex.decode("") == [])
    }

    @Test(arguments: ["0", "0g", "0x00", " 00", "00 ", "é", "//", "::", "@@", "``"])
    func `anything else is refused`(text: String) {
        #expect(Hex.decode(text) == nil)
    }
}

@Suite struct Base64Tests {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the published texts`(bytes: String, text: String) {
        #expect(Base64.encode(Array(bytes.utf8)) == text)
        #expect(Base64.decode(text) == Array(bytes.utf8))
        let unpadded = text.filter { $0 != "=" }
        #expect(Base64.encodeURL(Array(bytes.utf8)) == unpadded)
        #expect(Base64.decodeURL(unpadded) == Array(bytes.utf8))
    }

    @Test func `the two alphabets differ in two digits`() {
        #expect(Base64.encode([0xFB, 0xEF, 0xFF]) == "++//")
        #expect(Base64.encodeURL([0xFB, 0xEF, 0xFF]) == "--__")
        #expect(Base64.decode("++//") == [0xFB, 0xEF, 0xFF])
        #expect(Base64.decodeURL("--__") == [0xFB, 0xEF, 0xFF])
    }

    @Test func `every byte survives`() {
        for length in 0...256 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ length) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decodeURL(Base64.encodeURL(bytes)) == bytes)
        }
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Zm8", "Zm9v=", "=", "====", "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm 9", "Zm9-",
        "Zm9_",
        "Zm9é", "Zh==", "Zm9=", "Z===",
    ])
    func `what is no strict base64 is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["Z", "Zg==", "Zm8=", "Zm9+", "Zm9/", "Zh", "Zm9", "Zm9v\n"])
    func `what is no strict base64url is refused`(text: String) {
        #expect(Base64.decodeURL(text) == nil)
    }
}
