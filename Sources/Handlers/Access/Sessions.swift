import AWSClients
import Crypto
import JSON
import Telemetry
import Time

/// Who has signed in: sessions in the table, and the tokens made for them.
struct Sessions: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    let revocations: Revocations
    /// The first makes tokens, all verify them; at least one.
    let keys: [HMACKey]

    /// For how long a session can be refreshed.
    static let lifetime: Duration = .seconds(30 * 86_400)

    /// What signing in gives.
    struct Tokens: Sendable {
        let access: String
        let refresh: String

        var json: JSON {
            [
                "access_token": .string(access), "refresh_token": .string(refresh), "token_type": "Bearer",
                "expires_in": .number(AccessToken.lifetime.components.seconds),
            ]
        }
    }

    /// Begins a session of an account.
    func begin(for account: Account, at now: Timestamp) async throws(AWSError) -> Tokens {
        let session = UUID.v4()
        // Not before what is void: another environment's clock may be ahead.
        let now = max(now, account.sessionsFrom)
        var item = Self.key(session)
        item["user"] = .s(account.userID)
        item["generation"] = .n(0)
        item["created_at"] = .n(now.milliseconds)
        item[TableDefinition.timeToLiveAttribute] = .n((now + Self.lifetime).seconds)
        try await dynamoDB.put(item, into: table)
        return tokens(for: account.userID, session, 0, at: now)
    }

    /// What presenting a refresh token came to.
    enum Refresh: Sendable {
        case tokens(Tokens, userID: String)
        /// It was used before: whoever has it now, the session is over for both.
        case reused(userID: String)
        case refused
    }

    /// New tokens for a refresh token, which is spent by it. `account` says whose account is still good.
    func refresh(
        _ text: String, at now: Timestamp,
        account: (String) async throws(AWSError) -> Account?
    ) async throws(AWSError) -> Refresh {
        guard let token = RefreshToken(text, keys) else { return .refused }
        let key = Self.key(token.session)
        guard let item = try await dynamoDB.get(key, from: table), let userID = item["user"]?.string,
            let generation = item["generation"]?.int, let createdAt = item["created_at"]?.int64,
            let expires = item[TableDefinition.timeToLiveAttribute]?.int64, expires > now.seconds,
            item["revoked"] == nil
        else { return .refused }
        guard let account = try await account(userID), account.status == .active,
            createdAt >= account.sessionsFrom.milliseconds
        else { return .refused }
        guard token.generation == generation else {
            try await revoke(token.session, at: now)
            return .reused(userID: userID)
        }
        let rotation = "\(UUID.v4())"
        do {
            try await dynamoDB.update(
                key, in: table,
                [.set("generation", .n(generation + 1)), .set("rotation", .s(rotation))],
                condition: .and([.equals("generation", .n(generation)), .notExists("revoked")]))
        } catch  where error.code == .conditionalCheckFailed {
            // Unless it was this very write, sent again because its answer was lost, two had the same token.
            guard try await dynamoDB.get(key, from: table)?["rotation"]?.string == rotation else {
                try await revoke(token.session, at: now)
                return .reused(userID: userID)
            }
        }
        let issued = tokens(
            for: userID, token.session, generation + 1, at: max(now, account.sessionsFrom))
        return .tokens(issued, userID: userID)
    }

    /// Ends a session: its refresh token, and every access token made for it.
    func revoke(_ session: UUID, at now: Timestamp) async throws(AWSError) {
        do {
            try await dynamoDB.update(
                Self.key(session), in: table, [.set("revoked", .bool(true))], condition: .exists("pk"))
        } catch  where error.code == .conditionalCheckFailed {
            // Its time was over.
        }
        try await revocations.add(
            AccessToken.revocationID(session: "\(session)"), until: now + AccessToken.lifetime)
    }

    private func tokens(for userID: String, _ session: UUID, _ generation: Int, at now: Timestamp) -> Tokens {
        Tokens(
            access: AccessToken.make(for: userID, session: session, at: now, with: keys[0]),
            refresh: RefreshToken(session: session, generation: generation).text(keys[0]))
    }

    private static func key(_ session: UUID) -> Item {
        ["pk": .s("SESSION#\(session)"), "sk": .s("SESSION")]
    }
}

/// The tokens that are void before their time.
struct Revocations: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    let recent: RecentItems

    private static let sortKey = "REVOKED"

    /// Puts a token on the list, for as long as it would be good for.
    func add(_ tokenID: String, until expires: Timestamp) async throws(AWSError) {
        let partition = Self.partition(tokenID)
        try await dynamoDB.put(
            [
                "pk": .s(partition), "sk": .s(Self.sortKey),
                TableDefinition.timeToLiveAttribute: .n((expires + TokenIssuer.leeway * 2).seconds),
            ], into: table)
        await recent.forget(partition, Self.sortKey)
    }

    /// Whether the token is on the list, as it was within the last minute.
    func contains(_ tokenID: String) async throws(AWSError) -> Bool {
        try await recent.item(Self.partition(tokenID), Self.sortKey) != nil
    }

    private static func partition(_ tokenID: String) -> String { "REVOKED#\(tokenID)" }
}
