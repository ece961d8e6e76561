import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Telemetry
import Time

/// Finds out who is calling: by an API key, by the front end's authorizer, or by a web token, whichever count here.
struct Authenticator: Sendable {
    private let configuration: AccessConfiguration
    private let issuers: [TokenIssuer]
    private let keys: APIKeyStore?
    private let accounts: AccountStore
    private let revocations: Revocations
    private let clock: @Sendable () -> Timestamp
    private let uses = NotedUses()

    static let keyHeader = "X-API-Key"

    /// `keys` nil: no API keys here.
    init(
        _ configuration: AccessConfiguration, issuers: [TokenIssuer], keys: APIKeyStore?,
        accounts: AccountStore, revocations: Revocations, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.configuration = configuration
        self.issuers = issuers
        self.keys = keys
        self.accounts = accounts
        self.revocations = revocations
        self.clock = clock
    }

    /// Whether anybody can be told from anybody else.
    var admitsNobody: Bool {
        configuration.mode != .none && !configuration.trustsGateway
            && !(configuration.mode.takesKeys && keys != nil)
            && !(configuration.mode.takesTokens && !issuers.isEmpty)
    }

    /// The caller. `notesUse` false is for who may write nothing.
    /// - Throws: `UNAUTHENTICATED`, or that the table or an issuer does not answer.
    func user(of request: HTTPRequest, notesUse: Bool = true) async throws -> User {
        if configuration.mode == .none { return .local }
        let bearer = Self.bearer(request.headers)
        if let text = request.headers[Self.keyHeader] {
            // Which of two credentials counts is not for us to guess.
            guard bearer == nil else { throw APIError.unauthenticated("Send a key or a token, not both.") }
            return try await user(key: text, notesUse: notesUse)
        }
        if configuration.trustsGateway, let authorizer = request.authorizer,
            let user = GatewayIdentity.user(
                vouchedForBy: authorizer, tierClaim: configuration.tierClaim)
        {
            return try await checked(user)
        }
        guard let bearer else { throw APIError.unauthenticated("This request says nothing of who sent it.") }
        if bearer.hasPrefix("comfy_") { return try await user(key: bearer, notesUse: notesUse) }
        return try await user(token: bearer)
    }

    /// `Authorization: Bearer …` (RFC 6750 §2.1); the scheme's case does not matter.
    private static func bearer(_ headers: HTTPHeaders) -> String? {
        guard let header = headers["Authorization"] else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return HeaderText.trimmed(parts[1])
    }

    private func user(key text: String, notesUse: Bool) async throws -> User {
        let now = clock()
        guard configuration.mode.takesKeys, let keys, let text = APIKeyText(text),
            let key = try await keys.key(text, at: now)
        else { throw APIError.invalidCredential }
        var user = User(
            id: key.userID, tier: key.tier, scopes: key.scopes,
            credential: .key(id: key.id, requestsPerMinute: key.requestsPerMinute))
        user = try await checked(user)
        // What the owner may no longer do, the key may not either.
        user.scopes = key.scopes.intersection(Scope.grantable(user.tier))
        if notesUse, await uses.isDue(key.id, at: now) { await keys.noteUse(of: key, at: now) }
        return user
    }

    private func user(token text: String) async throws -> User {
        let issuers = issuers.filter { $0.isOwn || configuration.mode.takesTokens }
        guard !issuers.isEmpty else { throw APIError.invalidCredential }
        let issuer: TokenIssuer
        let claims: TokenIssuer.Claims?
        do throws(WebToken.Fault) {
            let token = try WebToken(text)
            // Only to find the keys; `verify` believes it when the signature holds.
            guard let name = token.claims["iss"]?.string,
                let found = issuers.first(where: { $0.name == name })
            else { throw .issuer }
            issuer = found
            claims = try await issuer.verify(token, at: clock())
        } catch {
            Log.info("token refused", ["reason": .string(error.rawValue)])
            throw error == .expired ? APIError.expiredToken : .invalidCredential
        }
        guard let claims else { throw APIError.unavailable("The issuer of this token does not answer.") }
        return try await user(claims, of: issuer)
    }

    private func user(_ claims: TokenIssuer.Claims, of issuer: TokenIssuer) async throws -> User {
        guard try await !revocations.contains(claims.id) else { throw APIError.invalidCredential }
        var user =
            issuer.isOwn ? User(id: claims.subject) : User(issuer: issuer.name, subject: claims.subject)
        user.tier = claims.tier
        user.scopes = Scope.ofPeople(claims.tier)
        user.credential = .token(id: claims.id, expires: claims.expires, session: claims.session)
        user = try await checked(user, issuedAt: claims.issuedAt)
        // Everything else takes a key.
        if !configuration.mode.takesTokens { user.scopes.formIntersection([.account]) }
        return user
    }

    /// The user as the table knows it: an account here has its own tier, and whoever is shut out is nobody.
    private func checked(_ user: User, issuedAt: Timestamp? = nil) async throws -> User {
        let account = try await accounts.recent(user.id)
        guard let account else {
            // An account of ours that is gone has no rights left.
            if user.id.hasPrefix(Account.ownPrefix) { throw APIError.invalidCredential }
            return user
        }
        guard account.status == .active else { throw APIError.invalidCredential }
        guard account.isOwn else { return user }
        if case .token = user.credential {
            guard let issuedAt, issuedAt >= account.sessionsFrom else { throw APIError.invalidCredential }
        }
        return User(
            id: user.id, tier: account.tier, scopes: Scope.ofPeople(account.tier), credential: user.credential
        )
    }
}

extension APIError {
    private static let challenge = #"Bearer realm="comfy-lambda""#

    /// No credential, or none that counts here.
    static func unauthenticated(_ message: String) -> APIError {
        APIError(.unauthenticated, message, headers: ["WWW-Authenticate": challenge])
    }

    /// The same for every fault: who guesses learns nothing (RFC 6750 §3.1).
    static let invalidCredential = APIError(
        .unauthenticated, "This key or token is not valid here.",
        headers: ["WWW-Authenticate": challenge + #", error="invalid_token""#])

    static let expiredToken = APIError(
        .unauthenticated, "This token has expired.",
        headers: [
            "WWW-Authenticate": challenge
                + #", error="invalid_token", error_description="The token has expired""#
        ])

    static func lacks(_ scope: Scope) -> APIError {
        APIError(
            .forbidden, "This needs the scope '\(scope.rawValue)', which the key or account does not have.",
            headers: [
                "WWW-Authenticate": challenge + #", error="insufficient_scope", scope="\#(scope.rawValue)""#
            ])
    }
}
