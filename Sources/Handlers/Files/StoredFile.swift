import AWSClients
import Crypto
import Time

/// A user's file: a picture that workflows may load, in the bucket once its user has put it there.
struct StoredFile: Sendable, Hashable {
    /// How far it has come.
    enum State: Sendable, Hashable {
        /// To be uploaded.
        case pending
        /// There, looked at, and from then on this very object.
        case ready(etag: String, width: Int, height: Int)
        /// What was uploaded is not taken, and deleted.
        case rejected(reason: String)
    }

    let id: UUID
    let user: String
    let name: String
    let contentType: String
    let bytes: Int
    var state: State
    let createdAt: Timestamp
    var expiresAt: Timestamp

    /// `inputs/{user}/{id}`.
    var key: String { Self.folder(of: user) + "\(id)" }

    /// What the keys of all of a user's files begin with.
    static func folder(of user: String) -> String { "inputs/\(user)/" }
}

extension StoredFile {
    static let sortKeyPrefix = "FILE#"

    static func itemKey(_ id: UUID, of user: String) -> Item {
        ["pk": .s(Account.partition(user)), "sk": .s(sortKeyPrefix + "\(id)")]
    }

    var item: Item {
        var item = Self.itemKey(id, of: user)
        item["name"] = .s(name)
        item["content_type"] = .s(contentType)
        item["bytes"] = .n(bytes)
        item["created_at"] = .n(createdAt.milliseconds)
        item[TableDefinition.timeToLiveAttribute] = .n(expiresAt.seconds)
        switch state {
        case .pending: item["state"] = .s("pending")
        case .ready(let etag, let width, let height):
            item["state"] = .s("ready")
            item["etag"] = .s(etag)
            item["width"] = .n(width)
            item["height"] = .n(height)
        case .rejected(let reason):
            item["state"] = .s("rejected")
            item["reason"] = .s(reason)
        }
        return item
    }

    /// nil when it is no file's item.
    init?(_ item: Item, of user: String) {
        guard let sortKey = item["sk"]?.string, sortKey.hasPrefix(Self.sortKeyPrefix),
            let id = UUID(String(sortKey.dropFirst(Self.sortKeyPrefix.count))),
            let name = item["name"]?.string, let contentType = item["content_type"]?.string,
            let bytes = item["bytes"]?.int, let created = item["created_at"]?.int64,
            let expires = item[TableDefinition.timeToLiveAttribute]?.int64
        else { return nil }
        switch item["state"]?.string {
        case "pending": state = .pending
        case "ready":
            guard let etag = item["etag"]?.string, let width = item["width"]?.int,
                let height = item["height"]?.int
            else { return nil }
            state = .ready(etag: etag, width: width, height: height)
        case "rejected": state = .rejected(reason: item["reason"]?.string ?? "")
        default: return nil
        }
        self.id = id
        self.user = user
        self.name = name
        self.contentType = contentType
        self.bytes = bytes
        createdAt = Timestamp(milliseconds: created)
        expiresAt = Timestamp(milliseconds: expires * 1000)
    }
}
