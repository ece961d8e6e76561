import AWSClients
import Crypto
import JSON
import Time

/// A user of whom the table knows something: who registered here, or a foreign one whom an admin has shut out.
struct Account: Sendable, Hashable {
    /// Whether it may be used.
    enum Status: String, Sendable, CaseIterable {
        case active
        case deactivated
        /// Its jobs and files are being deleted, and then it is.
        case deleting
    }

    let userID: String
    /// As it was registered; nil for a foreign identity.
    var email: String?
    var password: PasswordHash?
    var tier: Tier
    var status = Status.active
    var createdAt: Timestamp
    /// Sessions and tokens from before are void.
    var sessionsFrom: Timestamp
    /// When the sweep goes on with its deletion; nil while it is not to be deleted.
    var dueAt: Timestamp?
    /// Counts changes; every write is conditional on it.
    var version = 0

    init(userID: String, email: String?, password: PasswordHash?, tier: Tier, createdAt: Timestamp) {
        self.userID = userID
        self.email = email
        self.password = password
        self.tier = tier
        self.createdAt = createdAt
        sessionsFrom = createdAt
    }

    /// Of the ids of accounts that were made here; foreign identities have another.
    static let ownPrefix = "a-"

    /// Whether it was made here, so that its tier is known here.
    var isOwn: Bool { userID.hasPrefix(Self.ownPrefix) }

    /// As its user and admins see it.
    var json: JSON {
        [
            "user_id": .string(userID), "email": email.map { .string($0) } ?? .null,
            "tier": .string(tier.rawValue), "status": .string(status.rawValue),
            "created_at": .string(createdAt.rfc3339),
        ]
    }
}

extension Account {
    static let sortKey = "ACCOUNT"
    /// All accounts in `by_user`, by user id.
    static let listPartition = "ACCOUNTS"

    private static let partitionPrefix = "USER#"

    static func partition(_ userID: String) -> String { partitionPrefix + userID }

    static func key(_ userID: String) -> Item { ["pk": .s(partition(userID)), "sk": .s(sortKey)] }

    var item: Item {
        var item = Self.key(userID)
        item["email"] = email.map { .s($0) }
        item["password"] = password.map { .s($0.text) }
        item["tier"] = .s(tier.rawValue)
        item["state"] = .s(status.rawValue)
        item["created_at"] = .n(createdAt.milliseconds)
        item["sessions_from"] = .n(sessionsFrom.milliseconds)
        item["version"] = .n(version)
        item["user_pk"] = .s(Self.listPartition)
        item["user_sk"] = .s(userID)
        if let dueAt {
            item["open_pk"] = .s(Self.openPartition(userID))
            item["open_sk"] = .s(JobItem.sortable(dueAt))
        }
        return item
    }

    /// nil for what is no account.
    init?(_ item: Item) {
        guard let userID = Self.userID(of: item),
            let tier = (item["tier"]?.string).flatMap(Tier.init(rawValue:)),
            let status = (item["state"]?.string).flatMap(Status.init),
            let createdAt = item["created_at"]?.int64, let sessionsFrom = item["sessions_from"]?.int64,
            let version = item["version"]?.int
        else { return nil }
        self.userID = userID
        email = item["email"]?.string
        password = (item["password"]?.string).flatMap { PasswordHash($0) }
        self.tier = tier
        self.status = status
        self.createdAt = Timestamp(milliseconds: createdAt)
        self.sessionsFrom = Timestamp(milliseconds: sessionsFrom)
        self.version = version
        dueAt = (item["open_sk"]?.string).flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) }
    }

    /// Among the jobs that the sweep looks at, by a digit of the id: an even share.
    private static func openPartition(_ userID: String) -> String {
        JobItem.openPartition(shard: Int(userID.utf8.last ?? 0) % JobItem.openShards)
    }

    /// Whose account an item of `open_work` is; nil when it is none's.
    static func userID(of item: Item) -> String? {
        guard item["sk"]?.string == sortKey, let partition = item["pk"]?.string,
            partition.hasPrefix(partitionPrefix)
        else { return nil }
        return String(partition.dropFirst(partitionPrefix.count))
    }

    /// As its deletion begins: nobody is signed in any more, no key is good, and the sweep takes it from there.
    func closed(at now: Timestamp) -> Account {
        var closed = self
        closed.status = .deleting
        closed.sessionsFrom = now
        closed.dueAt = now
        return closed
    }
}

/// An e-mail address as accounts are found by.
struct EmailAddress: Sendable, Hashable {
    /// As it was written.
    let text: String

    /// What most mail servers would take: one `@`, no spaces or control characters, a dot in the domain. nil otherwise.
    init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard text.utf8.count <= 254, parts.count == 2, (1...64).contains(parts[0].utf8.count),
            parts[1].contains("."), !parts[1].hasPrefix("."), !parts[1].hasSuffix("."),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") })
        else { return nil }
        self.text = text
    }

    /// Upper and lower case are the same address; the key shows nobody's.
    var hash: String { Hex.encode(SHA256.hash(Array(text.lowercased().utf8))) }

    var key: Item { ["pk": .s("EMAIL#\(hash)"), "sk": .s("EMAIL")] }
}
