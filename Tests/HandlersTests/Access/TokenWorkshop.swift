import Crypto
import HTTP
import JSON
import TestSupport

@testable import Handlers

/// A foreign issuer for tests: an RSA key made by the `openssl` program, and tokens of any shape signed with it.
struct TokenWorkshop: Sendable {
    static let issuer = "https://issuer.example/"
    static let audience = "app"
    static let secret = "a shared secret of more than thirty-two bytes"
    /// 2026-01-01T00:00:00Z, the moment of all these tests.
    static let now: Int64 = 1_767_225_600

    let publicPEM: String
    private let rsa: RSAPrivateKey

    /// The key is made once a process.
    static func shared() async throws -> TokenWorkshop { try await made.value }

    private static let made = Task {
        let folder = try TemporaryFolder()
        try await OpenSSLCommand.run(
            ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "file:key"],
            in: folder)
        try await OpenSSLCommand.run(
            ["pkey", "-in", "file:key", "-pubout", "-out", "file:public"], in: folder)
        return TokenWorkshop(
            publicPEM: try Fixtures.text("\(folder.path)/public"),
            rsa: try RSAPrivateKey(pem: Secret(try Fixtures.bytes("\(folder.path)/key"))))
    }

    /// Claims that are in order.
    static let claims: JSON.Object = [
        "iss": .string(issuer), "aud": .string(audience), "sub": "alice", "exp": .number(now + 600),
    ]

    static func part(_ text: String) -> String { Base64.encodeURL(Array(text.utf8)) }

    static func part(_ object: JSON.Object) -> String { Base64.encodeURL(JSON.object(object).serialized()) }

    /// Whatever the header says, signed with the RSA key.
    func rs256(header: String = #"{"alg":"RS256","typ":"JWT"}"#, payload: String) -> String {
        let signed = "\(Self.part(header)).\(Self.part(payload))"
        return "\(signed).\(Base64.encodeURL(rsa.sign(Array(signed.utf8), .sha256)))"
    }

    func rs256(header: String = #"{"alg":"RS256","typ":"JWT"}"#, _ changes: JSON.Object = [:]) -> String {
        rs256(header: header, payload: JSON.object(Self.changed(changes)).text)
    }

    /// The claims with others in their place; null takes one away.
    static func changed(_ changes: JSON.Object) -> JSON.Object {
        var claims = Self.claims
        for name in changes.keys { claims[name] = changes[name]?.isNull == true ? nil : changes[name] }
        return claims
    }

    static func hs256(
        key: String = secret, header: String = #"{"alg":"HS256","typ":"JWT"}"#, _ claims: JSON.Object = claims
    ) -> String {
        let signed = "\(part(header)).\(part(claims))"
        return signed + "." + Base64.encodeURL(HMAC.sha256(key: Array(key.utf8), Array(signed.utf8)))
    }
}
