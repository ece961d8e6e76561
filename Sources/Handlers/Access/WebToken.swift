import Crypto
import JSON

/// A signed web token in compact form (RFC 7515 §3.1, RFC 7519), read and not believed yet.
struct WebToken: Sendable {
    /// Why a token is refused. For the log and for tests: a caller is told less.
    enum Fault: String, Error, Sendable, CaseIterable {
        case tooLong = "too_long"
        case malformed
        case algorithm
        case type
        case critical
        case unknownKey = "unknown_key"
        case signature
        case issuer
        case audience
        case subject
        case noExpiry = "no_expiry"
        case expired
        case notYetValid = "not_yet_valid"
        case revoked
    }

    /// The algorithms of RFC 7518 §3.1 that are known here. There is no `none`.
    enum Algorithm: String, Sendable { case rs256 = "RS256", es256 = "ES256", hs256 = "HS256" }

    /// Bytes of a token; the largest of Cognito's and Auth0's have about 3,000.
    static let maximumLength = 8192

    let algorithm: Algorithm
    /// `kid`
    let keyID: String?
    /// `typ`, in lower case and without `application/`; nil when the header has none.
    let type: String?
    let claims: JSON.Object
    /// What the signature is of.
    let signed: [UInt8]
    let signature: [UInt8]

    init(_ text: String) throws(Fault) {
        let bytes = text.utf8
        guard bytes.count <= Self.maximumLength else { throw .tooLong }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64.decodeURL(String(parts[2])) else { throw .malformed }
        let header = try Self.object(parts[0])
        claims = try Self.object(parts[1])
        guard let name = header["alg"]?.string else { throw .malformed }
        guard let algorithm = Algorithm(rawValue: name) else { throw .algorithm }
        // An extension that must be understood is not (RFC 7515 §4.1.11).
        guard header["crit"] == nil else { throw .critical }
        switch header["typ"] {
        case nil: type = nil
        case .string(let text)?:
            let name = text.lowercased()
            type = name.hasPrefix("application/") ? String(name.dropFirst("application/".count)) : name
        default: throw .type
        }
        switch header["kid"] {
        case nil: keyID = nil
        case .string(let text)?: keyID = text
        default: throw .malformed
        }
        self.algorithm = algorithm
        self.signature = signature
        signed = Array("\(parts[0]).\(parts[1])".utf8)
    }

    /// Two readers must not find two issuers in one token: no name comes twice.
    private static func object(_ part: Substring) throws(Fault) -> JSON.Object {
        guard let bytes = Base64.decodeURL(String(part)),
            let object = (try? JSON(parsing: bytes, maximumDepth: 16, uniqueKeys: true))?.object
        else { throw .malformed }
        return object
    }

    /// A token of our own (HS256).
    static func sign(_ claims: JSON.Object, type: String, with key: HMACKey) -> String {
        let header: JSON = ["alg": "HS256", "typ": .string(type)]
        let signed =
            Base64.encodeURL(header.serialized()) + "."
            + Base64.encodeURL(JSON.object(claims).serialized())
        return signed + "." + Base64.encodeURL(key.code(of: Array(signed.utf8)))
    }
}

extension HMACKey {
    /// The 32 bytes of the message's code.
    func code(of message: [UInt8]) -> [UInt8] {
        withCode(of: message) { code in code.indices.map { code[$0] } }
    }
}
