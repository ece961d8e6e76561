import Crypto
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct VerificationKeyTests {
    /// RFC 7515 appendix A.2.
    private static let modulus =
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    private static let rsaMessage =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    private static let rsaSignature =
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    /// RFC 7515 appendix A.3.
    private static let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
    private static let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    private static let ecMessage =
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    private static let ecSignature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

    private func bytes(_ text: String) throws -> [UInt8] { try #require(Base64.decodeURL(text)) }

    @Test func theStandardsRSASignatureHolds() throws {
        let key = try #require(VerificationKey(modulus: try bytes(Self.modulus), exponent: [1, 0, 1]))
        let signature = try bytes(Self.rsaSignature)
        #expect(key.scheme == .rsa)
        #expect(key.verifies(signature, of: Array(Self.rsaMessage.utf8)))
        #expect(!key.verifies(signature, of: Array(Self.ecMessage.utf8)))
        #expect(!key.verifies(Array(signature.dropLast()), of: Array(Self.rsaMessage.utf8)))
        #expect(!key.verifies([], of: Array(Self.rsaMessage.utf8)))
    }

    @Test func theStandardsECDSASignatureHolds() throws {
        let key = try #require(VerificationKey(x: try bytes(Self.x), y: try bytes(Self.y)))
        let signature = try bytes(Self.ecSignature)
        #expect(key.scheme == .p256)
        #expect(key.verifies(signature, of: Array(Self.ecMessage.utf8)))
        #expect(!key.verifies(signature, of: Array(Self.rsaMessage.utf8)))
        #expect(!key.verifies(Array(signature.dropLast()), of: Array(Self.ecMessage.utf8)))
        // Zeros hold for every message in an implementation that forgets to look (CVE-2022-21449).
        #expect(!key.verifies([UInt8](repeating: 0, count: 64), of: Array(Self.ecMessage.utf8)))
    }

    @Test func aPointOffTheCurveIsNoKey() throws {
        var y = try bytes(Self.y)
        y[31] ^= 1
        #expect(VerificationKey(x: try bytes(Self.x), y: y) == nil)
        #expect(VerificationKey(x: [1], y: [1]) == nil)
    }

    @Test func aShortRSAKeyIsNone() throws {
        #expect(VerificationKey(modulus: Array(try bytes(Self.modulus).prefix(128)), exponent: [3]) == nil)
        #expect(VerificationKey(modulus: [], exponent: []) == nil)
    }

    @Test func readsWhatOpenSSLWrites() async throws {
        let folder = try TemporaryFolder()
        for (name, options, scheme) in [
            ("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], VerificationKey.Scheme.rsa),
            ("p256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], .p256),
            ("p384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], nil),
            ("ed25519", ["-algorithm", "ED25519"], nil),
        ] as [(String, [String], VerificationKey.Scheme?)] {
            try await OpenSSLCommand.run(["genpkey"] + options + ["-out", "file:\(name).key"], in: folder)
            try await OpenSSLCommand.run(
                ["pkey", "-in", "file:\(name).key", "-pubout", "-out", "file:\(name).pem"], in: folder)
            let key = VerificationKey(pem: try Fixtures.bytes("\(folder.path)/\(name).pem"))
            #expect(key?.scheme == scheme, "\(name)")
            // A private key is not published by mistake.
            #expect(VerificationKey(pem: try Fixtures.bytes("\(folder.path)/\(name).key")) == nil)
        }
        #expect(VerificationKey(pem: Array("-----BEGIN PUBLIC KEY-----".utf8)) == nil)
        #expect(VerificationKey(pem: []) == nil)
    }
}
