import Crypto
import JSON
import Time

/// Somebody whose tokens are believed, and what they must say.
struct TokenIssuer: Sendable {
    /// Where its keys are.
    enum Keys: Sendable {
        case fixed(TokenKeySet)
        case remote(RemoteKeySet)
    }

    /// `iss`
    let name: String
    /// Of `aud`, at least one; of `client_id` when a token has no `aud` (Cognito's access tokens).
    let audiences: Set<String>
    /// `typ` as tokens have it; nil where they may have none.
    let types: Set<String?>
    let keys: Keys
    /// The claim that names a tier.
    let tierClaim: String?

    /// How far clocks may be apart.
    static let leeway: Duration = .seconds(60)

    /// A foreign issuer: its tokens may call themselves `JWT` or `at+jwt` (RFC 9068), or nothing.
    init(name: String, audiences: Set<String>, keys: Keys, tierClaim: String?) {
        self.name = name
        self.audiences = audiences
        self.keys = keys
        self.tierClaim = tierClaim
        types = [nil, "jwt", "at+jwt"]
    }

    /// This deployment's own: nothing but access tokens.
    init(own secrets: [HMACKey]) {
        name = AccessToken.issuer
        audiences = [AccessToken.issuer]
        keys = .fixed(TokenKeySet(secrets.map { .init(id: nil, key: .secret($0)) }))
        tierClaim = nil
        types = [AccessToken.type]
    }

    /// Whether its subjects are accounts of this deployment.
    var isOwn: Bool { name == AccessToken.issuer }

    /// What a believed token says.
    struct Claims: Sendable, Hashable {
        /// `sub`
        let subject: String
        /// Of the tier claim; `free` without one.
        let tier: Tier
        /// `iat`
        let issuedAt: Timestamp?
        let expires: Timestamp
        /// Names the token in the list of revoked ones: by its `jti`; one of our own by its session.
        let id: String
        /// `sid`, of one of our own.
        let session: UUID?
    }

    /// nil when the issuer's keys are not to be had.
    func verify(_ token: WebToken, at now: Timestamp) async throws(WebToken.Fault) -> Claims? {
        guard types.contains(token.type) else { throw .type }
        let candidates: [TokenKey]
        switch keys {
        case .fixed(let set): candidates = set.candidates(for: token)
        case .remote(let set):
            guard let found = await set.candidates(for: token) else { return nil }
            candidates = found
        }
        guard !candidates.isEmpty else { throw .unknownKey }
        guard candidates.contains(where: { $0.verifies(token) }) else { throw .signature }
        return try claims(token, at: now)
    }

    private func claims(_ token: WebToken, at now: Timestamp) throws(WebToken.Fault) -> Claims {
        let claims = token.claims
        guard claims["iss"]?.string == name else { throw .issuer }
        guard !audiences.isDisjoint(with: Self.audiences(claims)) else { throw .audience }
        guard let expires = try Self.time(claims["exp"]) else { throw .noExpiry }
        guard now - expires < Self.leeway else { throw .expired }
        if let start = try Self.time(claims["nbf"]), start - now > Self.leeway { throw .notYetValid }
        let issuedAt = try Self.time(claims["iat"])
        if let issuedAt, issuedAt - now > Self.leeway { throw .notYetValid }
        guard let subject = claims["sub"]?.string, (1...255).contains(subject.utf8.count) else {
            throw .subject
        }
        let id = claims["jti"]?.string.map { "\(name.utf8.count):\(name)\($0)" }
        let session = isOwn ? claims["sid"]?.string : nil
        return Claims(
            subject: subject, tier: tierClaim.flatMap { claims[$0] }.flatMap(Tier.init(claim:)) ?? .free,
            issuedAt: issuedAt, expires: expires,
            id: session.map(AccessToken.revocationID)
                ?? Hex.encode(SHA256.hash(id.map { Array($0.utf8) } ?? token.signed)),
            session: session.flatMap { UUID($0) })
    }

    private static func audiences(_ claims: JSON.Object) -> [String] {
        switch claims["aud"] {
        case .string(let one)?: [one]
        case .array(let list)?: list.compactMap(\.string)
        case nil: claims["client_id"]?.string.map { [$0] } ?? []
        default: []
        }
    }

    /// A `NumericDate`: seconds since 1970, perhaps with a fraction. nil when there is none.
    private static func time(_ json: JSON?) throws(WebToken.Fault) -> Timestamp? {
        guard let json else { return nil }
        guard let seconds = json.double, (0...32_503_680_000).contains(seconds) else { throw .malformed }
        return Timestamp(milliseconds: Int64(seconds * 1000))
    }
}

/// The access tokens of accounts of this deployment.
enum AccessToken {
    /// `iss` and `aud`.
    static let issuer = "comfy-lambda"
    /// RFC 9068 §2.1: no other token can be taken for one.
    static let type = "at+jwt"
    /// How long one is good for.
    static let lifetime: Duration = .seconds(3600)

    /// `iat` has milliseconds: what is revoked from a moment on is not what is made in the rest of that second.
    static func make(for userID: String, session: UUID, at now: Timestamp, with key: HMACKey) -> String {
        let milliseconds = "\(now.milliseconds % 1000)"
        let fraction = String(repeating: "0", count: 3 - milliseconds.utf8.count) + milliseconds
        let issuedAt = JSON.Number(text: "\(now.seconds).\(fraction)")
        return WebToken.sign(
            [
                "iss": .string(issuer), "aud": .string(issuer), "sub": .string(userID),
                "iat": issuedAt.map { .number($0) } ?? .number(now.seconds),
                "exp": .number((now + lifetime).seconds), "jti": .string("\(UUID.v4())"),
                "sid": .string("\(session)"),
            ], type: type, with: key)
    }

    /// By what the list of revoked tokens knows all of a session's.
    static func revocationID(session: String) -> String {
        Hex.encode(SHA256.hash(Array("session \(session)".utf8)))
    }
}
