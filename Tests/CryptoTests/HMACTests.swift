import Crypto
import Testing

@Suite struct HMACTests {
    /// RFC 4231 §4: key and message in hexadecimal. Case 5 truncates and is left out.
    @Test(arguments: [
        (
            String(repeating: "0b", count: 20), "4869205468657265",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            String(repeating: "aa", count: 20), String(repeating: "dd", count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            "0102030405060708090a0b0c0d0e0f10111213141516171819", String(repeating: "cd", count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            String(repeating: "aa", count: 131),
            "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        // Without key and message: also what an empty key must not turn into, the key of the call before.
        ("", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ])
    func `the published codes`(key: String, message: String, code: String) throws {
        let key = try #require(Hex.decode(key))
        let message = try #require(Hex.decode(message))
        #expect(Hex.encode(HMAC.sha256(key: key, message)) == code)
        // A key in use gives the same code every time, whatever came between.
        let ready = HMACKey(key.span)
        for _ in 0..<2 {
            #expect(ready.withCode(of: message) { Hex.encode(copying($0)) } == code)
            _ = ready.derived([1])
        }
    }

    private func copying(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

    @Test func `many tasks may authenticate at once`() async {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        await withTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<64 {
                group.addTask {
                    HMAC.sha256(
                        key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8))
                }
            }
            for await code in group { #expect(Hex.encode(code) == expected) }
        }
    }
}
