import AWSClients
import Crypto
import HTTP
import JSON
import Time

/// Templates in the table.
///
/// Its owner's item is the truth about a template, and every change of it is conditional on its version. What a version
/// says is an item of its own that never changes, written before the owner's item names it. The entry in the list of
/// the public ones is a hint: whoever follows it asks the owner's item.
struct TemplateStore: Sendable {
    let dynamoDB: DynamoDB
    let table: String

    /// Templates of one user.
    static let maximumTemplates = 100
    /// The last versions that are kept of each.
    static let keptVersions = 20
    /// A version's definition, packed.
    static let maximumBytes = 64 << 10
    private static let maximumPlainBytes = 8 << 20

    init(_ dynamoDB: DynamoDB, table: String) {
        self.dynamoDB = dynamoDB
        self.table = table
    }

    /// Packed for `create` and `replace`; nil when it is too large.
    static func pack(_ definition: TemplateDefinition) -> [UInt8]? {
        let packed = Gzip.compress(JSON.object(definition.json).serialized())
        return packed.count <= maximumBytes ? packed : nil
    }

    /// How many a user has, counted up to the most there may be.
    func count(of owner: String) async throws(AWSError) -> Int {
        var query = DynamoDB.Query(table: table, where: Self.ofOwner(owner))
        query.countOnly = true
        query.consistent = true
        query.limit = Self.maximumTemplates
        return try await dynamoDB.query(query).count
    }

    /// Writes a new template.
    func create(_ record: TemplateRecord, _ packed: [UInt8]) async throws(AWSError) {
        try await put(packed, of: record)
        try await dynamoDB.put(record.item, into: table, condition: .notExists("pk"))
        try await share(record)
    }

    /// Writes the next version. False when somebody else has changed or deleted it since it was read.
    func replace(_ old: TemplateRecord, with new: TemplateRecord, _ packed: [UInt8]) async throws(AWSError)
        -> Bool
    {
        try await put(packed, of: new)
        do {
            try await dynamoDB.put(new.item, into: table, condition: .equals("version", .n(old.version)))
        } catch  where error.code == .conditionalCheckFailed {
            if let content = new.contents.last { try await deleteContent(content, of: new.id) }
            return false
        }
        try await share(new)
        for dropped in old.contents where !new.contents.contains(dropped) {
            try await deleteContent(dropped, of: new.id)
        }
        return true
    }

    /// The owner's item goes last: until then it can be found, and deleted again.
    func delete(_ record: TemplateRecord) async throws(AWSError) {
        try await dynamoDB.delete(TemplateRecord.sharedKey(record.id), from: table)
        var query = DynamoDB.Query(table: table, where: .equals("pk", .s(Self.partition(record.id))))
        query.consistent = true
        query.projection = ["pk", "sk"]
        // Also what a change that died has left.
        for try await page in dynamoDB.pages(query) {
            for item in page.items { try await dynamoDB.delete(item, from: table) }
        }
        try await dynamoDB.delete(record.key, from: table)
    }

    /// Everything of a user whose account ends.
    func deleteAll(of owner: String) async throws(AWSError) {
        var query = DynamoDB.Query(table: table, where: Self.ofOwner(owner))
        query.consistent = true
        for try await page in dynamoDB.pages(query) {
            for record in page.items.compactMap(TemplateRecord.init) { try await delete(record) }
        }
    }

    /// A template that a user may see: their own, or a public one.
    func record(_ id: UUID, for user: String) async throws(AWSError) -> TemplateRecord? {
        if let own = try await dynamoDB.get(TemplateRecord.key(id, owner: user), from: table) {
            return TemplateRecord(own)
        }
        guard let owner = try await dynamoDB.get(TemplateRecord.sharedKey(id), from: table)?["owner"]?.string,
            let item = try await dynamoDB.get(TemplateRecord.key(id, owner: owner), from: table),
            let record = TemplateRecord(item), record.isPublic
        else { return nil }
        return record
    }

    /// What a version says; nil when it is not kept any more.
    func definition(_ version: Int, of record: TemplateRecord) async throws -> TemplateDefinition? {
        guard let content = record.content(of: version),
            let item = try await dynamoDB.get(Self.key(content, of: record.id), from: table)
        else { return nil }
        guard let packed = item["gzip"]?.bytes,
            let plain = Gzip.decompress(packed, limit: Self.maximumPlainBytes),
            let body = (try? JSON(parsing: plain))?.object
        else {
            throw AWSError(
                .malformedResponse, "a template's version that is no JSON object", service: "dynamodb",
                operation: "GetItem")
        }
        var reader = FieldReader(body)
        return try TemplateDefinition.read(&reader)
    }

    /// One page of a list, oldest first.
    struct Listing: Sendable {
        var records: [TemplateRecord]
        /// The id after which the next page begins; nil at the end.
        var next: String?
    }

    /// A user's own templates.
    func list(of owner: String, limit: Int, after: String?) async throws(AWSError) -> Listing {
        try await list(in: Account.partition(owner), limit: limit, after: after)
    }

    /// The public ones of all users.
    func listShared(limit: Int, after: String?) async throws(AWSError) -> Listing {
        try await list(in: TemplateRecord.sharedPartition, limit: limit, after: after)
    }

    private func list(in partition: String, limit: Int, after: String?) async throws(AWSError) -> Listing {
        let prefix = TemplateRecord.sortKeyPrefix
        var query = DynamoDB.Query(
            table: table,
            where: .and([
                .equals("pk", .s(partition)),
                // "~" is behind every character of an id; so is it behind the one that `after` names, with a space.
                .between("sk", .s(prefix + (after.map { "\($0) " } ?? "")), .s("\(prefix)~")),
            ]))
        query.consistent = true
        query.limit = limit + 1
        let found = try await dynamoDB.query(query).items.compactMap(TemplateRecord.init)
        return Listing(
            records: Array(found.prefix(limit)),
            next: found.count > limit ? "\(found[limit - 1].id)" : nil)
    }

    private func share(_ record: TemplateRecord) async throws(AWSError) {
        if record.isPublic {
            try await dynamoDB.put(record.sharedItem, into: table)
        } else {
            try await dynamoDB.delete(TemplateRecord.sharedKey(record.id), from: table)
        }
    }

    private func put(_ packed: [UInt8], of record: TemplateRecord) async throws(AWSError) {
        guard let content = record.contents.last else { return }
        var item = Self.key(content, of: record.id)
        item["gzip"] = .b(packed)
        try await dynamoDB.put(item, into: table)
    }

    private func deleteContent(_ content: UUID, of id: UUID) async throws(AWSError) {
        try await dynamoDB.delete(Self.key(content, of: id), from: table)
    }

    private static func ofOwner(_ owner: String) -> Condition {
        .and([
            .equals("pk", .s(Account.partition(owner))), .beginsWith("sk", TemplateRecord.sortKeyPrefix),
        ])
    }

    private static func partition(_ id: UUID) -> String { "TEMPLATE#\(id)" }

    private static func key(_ content: UUID, of id: UUID) -> Item {
        ["pk": .s(partition(id)), "sk": .s("VERSION#\(content)")]
    }
}
