import AWSClients
import Crypto
import JSON
import Time

/// An API key as the table knows it: what it may do, never its text.
struct APIKey: Sendable, Hashable {
    let id: UUID
    let userID: String
    /// The owner's when it was made; for who has an account here, the account's counts.
    let tier: Tier
    let name: String
    let scopes: Set<Scope>
    /// Less than the tier's, or nil for the tier's.
    let requestsPerMinute: Int?
    let createdAt: Timestamp
    let expires: Timestamp?
    /// HMAC-SHA256 of its text, in hex.
    let hash: String
    var lastUsed: Timestamp?

    var json: JSON {
        func time(_ value: Timestamp?) -> JSON { value.map { .string($0.rfc3339) } ?? .null }
        return [
            "id": .string("\(id)"), "name": .string(name),
            "scopes": .array(scopes.map(\.rawValue).sorted().map { .string($0) }),
            "requests_per_minute": requestsPerMinute.map { .number($0) } ?? .null,
            "created_at": time(createdAt), "expires_at": time(expires), "last_used_at": time(lastUsed),
        ]
    }
}

/// A key's text: `comfy_<tier>_` and 32 random bytes in base64url.
struct APIKeyText: Sendable {
    let text: String

    init(tier: Tier) { text = "comfy_\(tier.rawValue)_\(Base64.encodeURL(SecureRandom.bytes(32)))" }

    /// nil for what has another form, so that it costs no read.
    init?(_ text: String) {
        let parts = text.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "comfy", Tier(rawValue: String(parts[1])) != nil,
            parts[2].utf8.count == 43, Base64.decodeURL(String(parts[2])) != nil
        else { return nil }
        self.text = text
    }

    /// 32 random bytes need no slow hash; the pepper keeps who reads the table from trying keys of their own.
    func hash(_ pepper: HMACKey) -> String { Hex.encode(pepper.code(of: Array(text.utf8))) }
}

extension APIKey {
    static let sortKey = "KEY"

    static func partition(_ hash: String) -> String { "KEY#\(hash)" }

    static func listSortKey(_ id: UUID) -> String { "KEY#\(id)" }

    /// Found by the key's text.
    var item: Item {
        var item = attributes
        item["pk"] = .s(Self.partition(hash))
        item["sk"] = .s(Self.sortKey)
        return item
    }

    /// Found by its owner.
    var listItem: Item {
        var item = attributes
        item["pk"] = .s(Account.partition(userID))
        item["sk"] = .s(Self.listSortKey(id))
        return item
    }

    private var attributes: Item {
        var item: Item = [
            "id": .s("\(id)"), "user": .s(userID), "tier": .s(tier.rawValue), "name": .s(name),
            "scopes": .l(scopes.map(\.rawValue).sorted().map { .s($0) }), "hash": .s(hash),
            "created_at": .n(createdAt.milliseconds),
        ]
        item["requests_per_minute"] = requestsPerMinute.map { .n($0) }
        if let expires { item[TableDefinition.timeToLiveAttribute] = .n(expires.seconds) }
        return item
    }

    /// Of either item; nil for what is none.
    init?(_ item: Item) {
        guard let id = (item["id"]?.string).flatMap({ UUID($0) }), let user = item["user"]?.string,
            let tier = (item["tier"]?.string).flatMap(Tier.init(rawValue:)), let name = item["name"]?.string,
            let scopes = item["scopes"]?.list, let hash = item["hash"]?.string,
            let createdAt = item["created_at"]?.int64
        else { return nil }
        self.id = id
        userID = user
        self.tier = tier
        self.name = name
        self.scopes = Set(scopes.compactMap(\.string).compactMap(Scope.init(rawValue:)))
        requestsPerMinute = item["requests_per_minute"]?.int
        self.createdAt = Timestamp(milliseconds: createdAt)
        expires = (item[TableDefinition.timeToLiveAttribute]?.int64).map {
            Timestamp(milliseconds: $0 * 1000)
        }
        self.hash = hash
        lastUsed = (item["last_used_at"]?.int64).map { Timestamp(milliseconds: $0) }
    }
}
