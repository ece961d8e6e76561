import AWSClients
import Crypto
import Time

/// Users' webhook secrets: one item each, among the user's own. `docs/decisions/webhook-secrets.md` says why they stand there as they are.
struct WebhookSecretStore: Sendable {
    private let dynamoDB: DynamoDB
    private let table: String

    init(_ services: Services) {
        dynamoDB = DynamoDB(services.aws)
        table = services.configuration.table
    }

    /// nil when the user has none yet.
    func secret(of user: String) async throws(AWSError) -> WebhookSecret? {
        try await dynamoDB.get(Self.key(user), from: table).flatMap(Self.decode)
    }

    /// The user's, made when there is none: whoever asks for a webhook has it signed.
    func secretToSignWith(of user: String, at now: Timestamp) async throws(AWSError) -> WebhookSecret {
        if let secret = try await secret(of: user) { return secret }
        let new = WebhookSecret(key: Self.newKey(), createdAt: now, previous: nil, version: 1)
        if try await write(new, of: user, over: nil) { return new }
        // Somebody else made it meanwhile, or it is this one after a lost answer.
        return try await secret(of: user) ?? new
    }

    /// A new secret; the one before signs too for `overlap`. nil when another rotation came in between.
    func rotate(of user: String, keeping overlap: Duration, at now: Timestamp) async throws(AWSError)
        -> WebhookSecret?
    {
        let old = try await secret(of: user)
        let new = WebhookSecret(
            key: Self.newKey(), createdAt: now,
            previous: overlap > .zero ? old.map { ($0.key, now + overlap) } : nil,
            version: (old?.version ?? 0) + 1)
        if try await write(new, of: user, over: old) { return new }
        let found = try await secret(of: user)
        return found?.key == new.key ? new : nil
    }

    private func write(_ new: WebhookSecret, of user: String, over old: WebhookSecret?)
        async throws(AWSError) -> Bool
    {
        do {
            try await dynamoDB.put(
                Self.item(new, of: user), into: table,
                condition: old.map { .equals("version", .n($0.version)) } ?? .notExists("pk"))
            return true
        } catch  where error.code == .conditionalCheckFailed {
            return false
        }
    }

    private static func newKey() -> Secret { Secret(SecureRandom.bytes(WebhookSecret.length)) }

    private static func key(_ user: String) -> Item {
        ["pk": .s(Account.partition(user)), "sk": .s("WEBHOOK_SECRET")]
    }

    private static func item(_ secret: WebhookSecret, of user: String) -> Item {
        var item = key(user)
        item["key"] = bytes(secret.key)
        item["version"] = .n(secret.version)
        item["created_at"] = .n(secret.createdAt.milliseconds)
        if let previous = secret.previous {
            item["previous_key"] = bytes(previous.key)
            item["previous_until"] = .n(previous.until.milliseconds)
        }
        return item
    }

    private static func bytes(_ key: Secret) -> AttributeValue {
        key.withBytes { bytes in .b(bytes.indices.map { bytes[$0] }) }
    }

    private static func decode(_ item: Item) -> WebhookSecret? {
        guard let key = item["key"]?.bytes, let version = item["version"]?.int,
            let createdAt = item["created_at"]?.int64
        else { return nil }
        let previous: (Secret, Timestamp)? =
            if let key = item["previous_key"]?.bytes, let until = item["previous_until"]?.int64 {
                (Secret(key), Timestamp(milliseconds: until))
            } else {
                nil
            }
        return WebhookSecret(
            key: Secret(key), createdAt: Timestamp(milliseconds: createdAt), previous: previous,
            version: version)
    }
}
