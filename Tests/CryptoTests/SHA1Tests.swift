import Crypto
import Testing

@Suite struct SHA1Tests {
    // FIPS 180-4's examples, as NIST publishes them, and the digest of nothing.
    @Test(arguments: [
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ])
    func digest(text: String, expected: String) {
        let digest = SHA1.hash(Array(text.utf8))
        let hex = digest.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        #expect(hex.joined() == expected)
    }
}
