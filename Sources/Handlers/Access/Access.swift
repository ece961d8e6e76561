import AWSClients
import Crypto
import HTTP
import LambdaRuntime
import Telemetry
import Time

/// Who may do what, and how much of it: what stands between a request and the routes.
struct Access: Sendable {
    let configuration: AccessConfiguration
    let authenticator: Authenticator
    let limiter: RateLimiter
    let accounts: AccountStore
    let revocations: Revocations
    let hasher = PasswordHasher()
    /// nil: there are no accounts here.
    let sessions: Sessions?
    /// nil: there are no API keys here.
    let keys: APIKeyStore?
    /// nil: there are no accounts here.
    let invites: Invites?
    let audit: AuditLog

    /// On the deployment's table. Nothing is called yet.
    init(_ services: Services) {
        let configuration = services.configuration.access
        let dynamoDB = services.store.dynamoDB
        let table = services.configuration.table
        let clock: @Sendable () -> Timestamp = { services.now }
        let recent = RecentItems(dynamoDB, table: table, clock: clock)
        let secrets = configuration.tokenSecrets.map { $0.withBytes { HMACKey($0) } }
        self.configuration = configuration
        audit = AuditLog(dynamoDB: dynamoDB, table: table)
        accounts = AccountStore(dynamoDB: dynamoDB, table: table, recent: recent)
        let revocations = Revocations(dynamoDB: dynamoDB, table: table, recent: recent)
        self.revocations = revocations
        sessions =
            secrets.isEmpty
            ? nil
            : Sessions(dynamoDB: dynamoDB, table: table, revocations: revocations, keys: secrets)
        invites = secrets.first.map { Invites(dynamoDB: dynamoDB, table: table, key: $0) }
        keys = configuration.keyPepper.map { pepper in
            APIKeyStore(
                dynamoDB: dynamoDB, table: table, recent: recent, pepper: pepper.withBytes { HMACKey($0) })
        }
        var issuers = secrets.isEmpty ? [] : [TokenIssuer(own: secrets)]
        if let foreign = configuration.issuer {
            issuers.append(
                TokenIssuer(
                    foreign, tierClaim: configuration.tierClaim, http: services.http, clock: clock))
        }
        authenticator = Authenticator(
            configuration, issuers: issuers, keys: keys, accounts: accounts, revocations: revocations,
            clock: clock)
        limiter = RateLimiter(
            Counters(dynamoDB: dynamoDB, table: table), configuration.counterFailure, clock: clock)
    }

    /// What an operator should know at a start.
    func warn() {
        if configuration.mode == .none {
            Log.warn("AUTH_MODE is none: whoever reaches this function may use it, all as one user")
        } else if authenticator.admitsNobody {
            Log.warn(
                "nobody can sign in: set TOKEN_SECRET, KEY_PEPPER, JWT_ISSUER or GATEWAY_AUTHORIZER, or AUTH_MODE=none"
            )
        }
    }

    var now: Timestamp { limiter.clock() }

    /// Who sent a request; `headers` then say how many more may come. `counts` false is for the function that may write
    /// nothing.
    func admit(_ request: HTTPRequest, to route: Route, counts: Bool, _ headers: inout HTTPHeaders)
        async throws -> User
    {
        if configuration.mode == .none { return .local }
        let user: User
        do {
            user = try await authenticator.user(of: request, notesUse: counts)
        } catch let error as APIError where error.code == .unauthenticated && counts {
            do {
                try await limiter.count(request.sourceAddress, .refusal)
            } catch  where error.code == .rateLimited {
                throw error
            } catch {
                // It is refused in any case.
            }
            throw error
        }
        if counts { headers = try await limiter.count(user, isExecution: route.effect == .execution) }
        return user
    }

    /// Whether the audit log tells of a request: changes, by somebody who was let in, or who tried to sign in. What was
    /// refused to nobody in particular is counted by address, and costs no entry.
    func audits(_ route: Route, _ user: User?) -> Bool {
        guard configuration.mode != .none, route.effect != .read else { return false }
        if case .signIn = route.endpoint { return true }
        return user != nil
    }

    /// For the routes on which nobody has signed in yet.
    func admitAnyone(_ request: HTTPRequest) async throws {
        if configuration.mode != .none { try await limiter.count(request.sourceAddress, .signIn) }
    }
}

extension TokenIssuer {
    init(
        _ issuer: AccessConfiguration.ForeignIssuer, tierClaim: String?, http: HTTPClient,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        let keys: Keys =
            switch issuer.keys {
            case .fixed(let set): .fixed(set)
            case .address(let url): .remote(RemoteKeySet(url, http: http, clock: clock))
            }
        self.init(
            name: issuer.name, audiences: issuer.audiences, keys: keys, tierClaim: tierClaim)
    }
}
