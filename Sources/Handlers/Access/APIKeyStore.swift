import AWSClients
import Crypto
import JSON
import Telemetry
import Time

/// API keys in the table, each twice: where its hash finds it with one read, and with its owner, for lists.
struct APIKeyStore: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    let recent: RecentItems
    let pepper: HMACKey

    /// Keys of one user at once.
    static let maximumKeys = 20

    /// The key of a text, as it was within the last minute; nil when there is none, or its time is over.
    func key(_ text: APIKeyText, at now: Timestamp) async throws(AWSError) -> APIKey? {
        let item = try await recent.item(APIKey.partition(text.hash(pepper)), APIKey.sortKey)
        guard let key = item.flatMap(APIKey.init) else { return nil }
        if let expires = key.expires, expires <= now { return nil }
        return key
    }

    /// Written for the owner first: what only the owner sees opens nothing, and can be deleted.
    func add(_ key: APIKey) async throws(AWSError) {
        try await dynamoDB.put(key.listItem, into: table)
        try await dynamoDB.put(key.item, into: table)
    }

    /// A user's keys, oldest first.
    func list(_ userID: String, at now: Timestamp) async throws(AWSError) -> [APIKey] {
        var query = DynamoDB.Query(
            table: table,
            where: .and([
                .equals("pk", .s(Account.partition(userID))), .beginsWith("sk", "KEY#"),
            ]))
        query.consistent = true
        return try await dynamoDB.query(query).items.compactMap(APIKey.init)
            .filter { key in key.expires.map { $0 > now } ?? true }
    }

    /// What opens goes first. False when the user has no such key.
    func revoke(_ id: UUID, of userID: String) async throws(AWSError) -> Bool {
        let listed: Item = ["pk": .s(Account.partition(userID)), "sk": .s(APIKey.listSortKey(id))]
        guard let key = try await dynamoDB.get(listed, from: table).flatMap(APIKey.init) else { return false }
        try await dynamoDB.delete(
            ["pk": .s(APIKey.partition(key.hash)), "sk": .s(APIKey.sortKey)], from: table)
        await recent.forget(APIKey.partition(key.hash), APIKey.sortKey)
        try await dynamoDB.delete(listed, from: table)
        return true
    }

    /// Notes that it was used, at most once a minute whoever notes it. That this fails is no reason to refuse a request.
    func noteUse(of key: APIKey, at now: Timestamp) async {
        let listed: Item = ["pk": .s(Account.partition(key.userID)), "sk": .s(APIKey.listSortKey(key.id))]
        do throws(AWSError) {
            try await dynamoDB.update(
                listed, in: table, [.set("last_used_at", .n(now.milliseconds))],
                condition: .and([
                    .exists("pk"),
                    .or([
                        .notExists("last_used_at"),
                        .less("last_used_at", .n((now - .seconds(60)).milliseconds)),
                    ]),
                ]))
        } catch {
            if error.code == .conditionalCheckFailed { return }
            Log.warn(
                "the use of a key is not noted",
                ["key_id": .string("\(key.id)"), "error": .string("\(error)")])
        }
    }
}

/// Which keys' use this environment noted in the last minute.
actor NotedUses {
    private var noted: [UUID: Timestamp] = [:]

    /// Whether it is time to note a key's use; then it is not for the next minute.
    func isDue(_ id: UUID, at now: Timestamp) -> Bool {
        if let last = noted[id], now - last < .seconds(60) { return false }
        if noted.count >= RecentItems.capacity { noted = [:] }
        noted[id] = now
        return true
    }
}
