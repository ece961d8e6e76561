import Crypto
import JSON

/// A key that verifies tokens. The key says which algorithm it is for, never the token: an RSA key's public text can
/// not become an HMAC secret.
enum TokenKey: Sendable {
    case signature(VerificationKey)
    case secret(HMACKey)

    func verifies(_ token: WebToken) -> Bool {
        switch (self, token.algorithm) {
        case (.signature(let key), .rs256) where key.scheme == .rsa,
            (.signature(let key), .es256) where key.scheme == .p256:
            key.verifies(token.signature, of: token.signed)
        case (.secret(let key), .hs256):
            constantTimeEqual(key.code(of: token.signed), token.signature)
        default: false
        }
    }

    /// Whether a token of this algorithm could be its.
    func fits(_ algorithm: WebToken.Algorithm) -> Bool {
        switch (self, algorithm) {
        case (.signature(let key), .rs256): key.scheme == .rsa
        case (.signature(let key), .es256): key.scheme == .p256
        case (.secret, .hs256): true
        default: false
        }
    }
}

/// An issuer's keys by their ids.
struct TokenKeySet: Sendable {
    /// A key, and its `kid` when it has one.
    struct Entry: Sendable {
        let id: String?
        let key: TokenKey
    }

    let entries: [Entry]

    /// No issuer has as many; each may cost a signature's verification.
    static let maximumKeys = 32

    init(_ entries: [Entry]) { self.entries = entries }

    /// The public keys of a JWK Set (RFC 7517 §5) that verify signatures. Others in it are passed over, secret ones
    /// too: what is fetched from an address is public. nil when it is no set.
    init?(jwks bytes: [UInt8]) {
        guard let keys = (try? JSON(parsing: bytes, maximumDepth: 16, uniqueKeys: true))?["keys"]?.array,
            keys.count <= Self.maximumKeys
        else { return nil }
        entries = keys.compactMap { jwk in
            Self.key(jwk).map { Entry(id: jwk["kid"]?.string, key: .signature($0)) }
        }
    }

    /// The `BEGIN PUBLIC KEY` blocks of a PEM text, without ids. nil when one is no key, or there is none.
    init?(pem text: String) {
        var entries: [Entry] = []
        var block: [UInt8] = []
        for line in text.split(whereSeparator: \.isNewline) {
            block += Array(line.utf8) + [UInt8(ascii: "\n")]
            guard line.hasPrefix("-----END ") else { continue }
            guard let key = VerificationKey(pem: block) else { return nil }
            entries.append(Entry(id: nil, key: .signature(key)))
            block = []
        }
        guard (1...Self.maximumKeys).contains(entries.count) else { return nil }
        self.entries = entries
    }

    /// The keys that may have made the token: those of its `kid`, and those that have none. A token without one may be
    /// any key's.
    func candidates(for token: WebToken) -> [TokenKey] {
        entries.filter { entry in
            entry.key.fits(token.algorithm)
                && (token.keyID == nil || entry.id == nil || entry.id == token.keyID)
        }.map(\.key)
    }

    private static func key(_ jwk: JSON) -> VerificationKey? {
        if let use = jwk["use"]?.string, use != "sig" { return nil }
        func bytes(_ name: String) -> [UInt8]? { jwk[name]?.string.flatMap { Base64.decodeURL($0) } }
        switch (jwk["kty"]?.string, jwk["alg"]?.string) {
        case ("RSA", nil), ("RSA", "RS256"):
            guard let n = bytes("n"), let e = bytes("e") else { return nil }
            return VerificationKey(modulus: n, exponent: e)
        case ("EC", nil), ("EC", "ES256"):
            guard jwk["crv"] == "P-256", let x = bytes("x"), let y = bytes("y") else { return nil }
            return VerificationKey(x: x, y: y)
        default: return nil
        }
    }
}
