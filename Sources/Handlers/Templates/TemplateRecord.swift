import AWSClients
import Crypto
import JSON
import Time

/// What is known of a stored template beside its versions: the item that its owner has of it.
struct TemplateRecord: Sendable, Hashable {
    let id: UUID
    let owner: String
    /// From 1; each change makes a new one.
    var version = 1
    /// The items of the last versions, this one's last. Each has a name of its own: of two changes at once one comes to
    /// nothing, and must not have written over what the other says.
    var contents: [UUID]
    var name: String
    var summary: String
    var isPublic: Bool
    let createdAt: Timestamp
    var updatedAt: Timestamp

    /// The first version of a new template.
    init(_ definition: TemplateDefinition, owner: String, at now: Timestamp) {
        id = UUID.v7(milliseconds: now.milliseconds)
        self.owner = owner
        name = definition.name
        summary = definition.summary
        isPublic = definition.visibility == .public
        contents = [UUID.v7(milliseconds: now.milliseconds)]
        createdAt = now
        updatedAt = now
    }

    /// With another definition, which is its next version.
    func replaced(by definition: TemplateDefinition, at now: Timestamp) -> TemplateRecord {
        var next = self
        next.version += 1
        next.contents = (contents + [UUID.v7(milliseconds: now.milliseconds)])
            .suffix(TemplateStore.keptVersions)
        next.name = definition.name
        next.summary = definition.summary
        next.isPublic = definition.visibility == .public
        next.updatedAt = now
        return next
    }

    /// The item of a version; nil when it is not kept any more, or was never there.
    func content(of version: Int) -> UUID? {
        let position = contents.count - 1 - (self.version - version)
        return contents.indices.contains(position) ? contents[position] : nil
    }
}

extension TemplateRecord {
    static let sortKeyPrefix = "TEMPLATE#"

    /// Where its owner has it.
    static func key(_ id: UUID, owner: String) -> Item {
        ["pk": .s(Account.partition(owner)), "sk": .s("\(sortKeyPrefix)\(id)")]
    }

    /// Where everybody finds it while it is public.
    static func sharedKey(_ id: UUID) -> Item {
        ["pk": .s(sharedPartition), "sk": .s("\(sortKeyPrefix)\(id)")]
    }

    static let sharedPartition = "TEMPLATES"

    var key: Item { Self.key(id, owner: owner) }

    /// The owner's item.
    var item: Item {
        var item = attributes.merging(key) { $1 }
        item["contents"] = .l(contents.map { .s("\($0)") })
        return item
    }

    /// The entry in the list of the public ones.
    var sharedItem: Item { attributes.merging(Self.sharedKey(id)) { $1 } }

    private var attributes: Item {
        [
            "id": .s("\(id)"), "owner": .s(owner), "version": .n(version), "name": .s(name),
            "description": .s(summary), "public": .bool(isPublic),
            "created_at": .n(createdAt.milliseconds), "updated_at": .n(updatedAt.milliseconds),
        ]
    }

    /// nil for an item that is none.
    init?(_ item: Item) {
        guard let id = (item["id"]?.string).flatMap({ UUID($0) }), let owner = item["owner"]?.string,
            let version = item["version"]?.int, let name = item["name"]?.string,
            let created = item["created_at"]?.int64, let updated = item["updated_at"]?.int64
        else { return nil }
        self.id = id
        self.owner = owner
        self.version = version
        self.name = name
        summary = item["description"]?.string ?? ""
        isPublic = item["public"]?.bool ?? false
        contents = (item["contents"]?.list ?? []).compactMap { $0.string.flatMap { UUID($0) } }
        createdAt = Timestamp(milliseconds: created)
        updatedAt = Timestamp(milliseconds: updated)
    }
}
