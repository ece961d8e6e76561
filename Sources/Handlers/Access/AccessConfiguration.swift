import Crypto
import HTTP

/// Who may call the API and how much, as the environment says.
struct AccessConfiguration: Sendable {
    /// `AUTH_MODE`: which credentials count.
    enum Mode: String, Sendable, CaseIterable {
        /// None is asked for: for local use.
        case none
        /// Keys, and for those who make them the tokens of accounts here: these are good for nothing else.
        case apiKey = "api_key"
        /// Web tokens.
        case jwt
        case both

        var takesKeys: Bool { self == .apiKey || self == .both }
        var takesTokens: Bool { self == .jwt || self == .both }
        var hasAccounts: Bool { self != .none }
    }

    /// `REGISTRATION`: who may make an account.
    enum Registration: String, Sendable, CaseIterable { case closed, invite, open }

    /// What to do with a request that cannot be counted.
    enum CounterFailure: String, Sendable, CaseIterable { case closed, open }

    /// An issuer of tokens other than this deployment.
    struct ForeignIssuer: Sendable {
        enum Keys: Sendable {
            case fixed(TokenKeySet)
            case address(URL)
        }
        var name: String
        var audiences: Set<String>
        var keys: Keys
    }

    var mode: Mode
    /// Whether the front end's own authorizer may say who is calling.
    var trustsGateway: Bool
    /// Sign this deployment's tokens: the first makes them, all verify them. Empty: there are no accounts here.
    var tokenSecrets: [Secret]
    /// Under which API keys are hashed; nil: there are none here.
    var keyPepper: Secret?
    var issuer: ForeignIssuer?
    /// Which claim of a foreign identity says its tier, whoever verified it; nil: they are all `free`.
    var tierClaim: String?
    var registration: Registration
    var counterFailure: CounterFailure
    /// A day's; a tier without one has no limit.
    var quotas: [Tier: QuotaStore.Quota]

    /// Under 32 bytes a secret may be guessed.
    private static let secretLength = 32

    init(_ read: EnvironmentReader) throws(Configuration.Invalid) {
        mode = try read.choice("AUTH_MODE", .both)
        trustsGateway = try read.flag("GATEWAY_AUTHORIZER", false)
        tokenSecrets = try Self.tokenSecrets(read)
        keyPepper = try read.text("KEY_PEPPER").map { text throws(Configuration.Invalid) in
            try Self.secret(text, "KEY_PEPPER")
        }
        issuer = try Self.issuer(read)
        tierClaim = read.text("JWT_TIER_CLAIM")
        registration = try read.choice("REGISTRATION", .closed)
        counterFailure = try read.choice("RATE_LIMIT_FAIL", .closed)
        quotas = [
            .free: .init(
                images: try read.integer("FREE_IMAGES_PER_DAY", 10, in: 0...1_000_000),
                gpuSeconds: try read.integer("FREE_GPU_SECONDS_PER_DAY", 600, in: 0...100_000_000)),
            .pro: .init(
                images: try read.integer("PRO_IMAGES_PER_DAY", 1000, in: 0...1_000_000),
                gpuSeconds: try read.integer("PRO_GPU_SECONDS_PER_DAY", 36_000, in: 0...100_000_000)),
        ]
    }

    static let tokenSecretVariable = "TOKEN_SECRET"

    static func tokenSecrets(_ read: EnvironmentReader) throws(Configuration.Invalid) -> [Secret] {
        try read.list(tokenSecretVariable) { text throws(Configuration.Invalid) in
            try secret(text, tokenSecretVariable)
        }
    }

    private static func secret(_ text: String, _ variable: String) throws(Configuration.Invalid) -> Secret {
        guard text.utf8.count >= secretLength, !text.hasPrefix("-----BEGIN") else {
            throw Configuration.Invalid(
                variable: variable, found: "a value of \(text.utf8.count) bytes",
                expected: "a secret of at least \(secretLength) random bytes, and no public key")
        }
        return Secret(text)
    }

    private static func issuer(_ read: EnvironmentReader) throws(Configuration.Invalid) -> ForeignIssuer? {
        guard let name = read.text("JWT_ISSUER") else { return nil }
        guard name != AccessToken.issuer else {
            throw Configuration.Invalid(
                variable: "JWT_ISSUER", found: name, expected: "an issuer other than this deployment itself")
        }
        let audiences = Set(try read.list("JWT_AUDIENCE") { $0 })
        guard !audiences.isEmpty else {
            throw Configuration.Invalid(
                variable: "JWT_AUDIENCE", found: nil,
                expected: "the audiences (client ids) that tokens of JWT_ISSUER may name")
        }
        return ForeignIssuer(
            name: name, audiences: audiences, keys: try keys(read, of: name))
    }

    /// Given keys, a shared secret, an address; else the address that the issuer's name leads to.
    private static func keys(_ read: EnvironmentReader, of issuer: String) throws(Configuration.Invalid)
        -> ForeignIssuer.Keys
    {
        if let text = read.text("JWT_PUBLIC_KEYS") {
            guard let set = TokenKeySet(pem: text) ?? TokenKeySet(jwks: Array(text.utf8)),
                !set.entries.isEmpty
            else {
                throw Configuration.Invalid(
                    variable: "JWT_PUBLIC_KEYS", found: "a value of \(text.utf8.count) bytes",
                    expected: "public keys in PEM, or a JWK set, RSA of 2048 bits or more or P-256")
            }
            return .fixed(set)
        }
        if let text = read.text("JWT_HMAC_SECRET") {
            let key = try secret(text, "JWT_HMAC_SECRET").withBytes { HMACKey($0) }
            return .fixed(TokenKeySet([.init(id: nil, key: .secret(key))]))
        }
        let known = issuer + (issuer.hasSuffix("/") ? "" : "/") + ".well-known/jwks.json"
        let address = read.text("JWT_JWKS_URL") ?? known
        // Whoever can change what comes from there can be anybody.
        guard let url = URL(address),
            url.scheme == "https" || ["127.0.0.1", "[::1]", "::1"].contains(url.host)
        else {
            throw Configuration.Invalid(
                variable: "JWT_JWKS_URL", found: read.text("JWT_JWKS_URL"),
                expected: "an https:// address, JWT_PUBLIC_KEYS or JWT_HMAC_SECRET")
        }
        return .address(url)
    }
}
