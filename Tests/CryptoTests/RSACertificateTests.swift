import Crypto
import Glibc
import TestSupport
import Testing

/// Keys, certificates and signatures are made by the `openssl` program.
@Suite(.timeLimit(.minutes(1))) struct RSACertificateTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func certificate(_ name: String) throws -> RSACertificate? {
        RSACertificate(pem: try Fixtures.bytes("\(folder.path)/\(name).pem"))
    }

    private func sign(_ text: String, digest: String) async throws -> [UInt8] {
        try folder.write("text", Array(text.utf8))
        try await OpenSSLCommand.run(
            ["dgst", "-\(digest)", "-sign", "file:own.key", "-out", "file:signature", "file:text"], in: folder
        )
        return try Fixtures.bytes("\(folder.path)/signature")
    }

    @Test func signaturesOfItsKeyHold() async throws {
        try await OpenSSLCommand.makeCertificate(named: "own", in: folder)
        try await OpenSSLCommand.makeCertificate(named: "other", in: folder)
        let own = try #require(try certificate("own"))
        let other = try #require(try certificate("other"))
        for (name, digest, wrong) in [
            ("sha1", RSACertificate.Digest.sha1, RSACertificate.Digest.sha256), ("sha256", .sha256, .sha1),
        ] {
            let signature = try await sign("text", digest: name)
            #expect(own.verifies(signature, of: Array("text".utf8), digest))
            #expect(!own.verifies(signature, of: Array("Text".utf8), digest))
            #expect(!own.verifies(signature, of: Array("text".utf8), wrong))
            #expect(!own.verifies(Array(signature.dropLast()), of: Array("text".utf8), digest))
            #expect(!own.verifies([], of: Array("text".utf8), digest))
            #expect(!other.verifies(signature, of: Array("text".utf8), digest))
        }
    }

    @Test func itHoldsBetweenItsDates() async throws {
        try await OpenSSLCommand.makeCertificate(named: "own", in: folder, ["-days", "2"])
        let own = try #require(try certificate("own"))
        let now = Int64(time(nil))
        #expect(own.isValid(at: now + 5))
        #expect(own.isValid(at: now + 86_400))
        #expect(!own.isValid(at: now - 3600))
        #expect(!own.isValid(at: now + 2 * 86_400 + 3600))
    }

    @Test func otherKeysAndOtherTextsAreNone() async throws {
        try await OpenSSLCommand.makeCertificate(named: "short", in: folder, key: "rsa:1024")
        #expect(try certificate("short") == nil)
        try await OpenSSLCommand.makeCertificate(
            named: "curve", in: folder, key: "ec", ["-pkeyopt", "ec_paramgen_curve:P-256"])
        #expect(try certificate("curve") == nil)
        try await OpenSSLCommand.makeCertificate(named: "own", in: folder)
        #expect(RSACertificate(pem: try Fixtures.bytes("\(folder.path)/own.key")) == nil)
        let pem = try Fixtures.bytes("\(folder.path)/own.pem")
        #expect(RSACertificate(pem: pem) != nil)
        #expect(RSACertificate(pem: Array(pem.prefix(pem.count / 2))) == nil)
        #expect(RSACertificate(pem: []) == nil)
        #expect(
            RSACertificate(pem: Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8))
                == nil)
    }

}
