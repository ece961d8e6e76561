import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Telemetry
import Time

/// Who changed what, from where, and what came of it.
struct AuditEntry: Sendable, Hashable {
    let at: Timestamp
    /// nil when it is not known who it was.
    let userID: String?
    /// The API key that was used.
    let keyID: UUID?
    /// The route's name.
    let operation: String
    let method: String
    let path: String
    /// The client's, as the front end saw it.
    let address: String?
    let requestID: String
    /// Of the answer.
    let status: Int

    init(
        at: Timestamp, user: User?, operation: String, request: HTTPRequest, requestID: String, status: Int
    ) {
        self.at = at
        userID = user?.id
        keyID = if case .key(let id, _)? = user?.credential { id } else { nil }
        self.operation = operation
        method = request.method.rawValue
        path = String(request.path.prefix(256))
        address = request.sourceAddress.map { String($0.prefix(64)) }
        self.requestID = String(requestID.prefix(128))
        self.status = status
    }

    /// Of a command of the tool, which writes to the table and not through the API.
    init(at: Timestamp, userID: String?, operation: String, tool command: String) {
        self.at = at
        self.userID = userID
        keyID = nil
        self.operation = operation
        method = "CLI"
        path = "comfy-lambda \(command)"
        address = nil
        requestID = "\(UUID.v4())"
        status = 201
    }

    var json: JSON {
        [
            "at": .string(at.rfc3339), "user_id": userID.map { .string($0) } ?? .null,
            "key_id": keyID.map { .string("\($0)") } ?? .null, "operation": .string(operation),
            "method": .string(method), "path": .string(path),
            "address": address.map { .string($0) } ?? .null, "request_id": .string(requestID),
            "status": .number(status),
        ]
    }
}

/// The audit entries in the table: one partition a day, and in `by_user` one a user.
struct AuditLog: Sendable {
    let dynamoDB: DynamoDB
    let table: String

    /// How long an entry is kept.
    static let retention: Duration = .seconds(90 * 86_400)

    /// Writes an entry. What it tells of has happened: that it cannot be written is told in the log, with all of it.
    func record(_ entry: AuditEntry) async {
        do {
            try await dynamoDB.put(entry.item, into: table)
        } catch {
            Log.error("an audit entry is lost", ["entry": entry.json, "error": .string("\(error)")])
        }
    }

    /// One page of a day, or of a user, newest first.
    struct Page: Sendable {
        var entries: [AuditEntry]
        /// What the next page begins after; nil at the end.
        var next: String?
    }

    /// A day's entries, `yyyy-mm-dd` in UTC; with `user` that user's alone.
    func page(day: String, user: String?, limit: Int, after: String?) async throws(AWSError) -> Page {
        let (partitionKey, sortKey) = user == nil ? ("pk", "sk") : ("user_pk", "user_sk")
        let partition = user.map(AuditEntry.partition(user:)) ?? AuditEntry.partition(day: day)
        // Sort keys begin with the day.
        let last = after ?? "\(day)U"
        var query = DynamoDB.Query(
            table: table, index: user == nil ? nil : TableDefinition.byUser.name,
            where: .and([
                .equals(AttributePath(names: partitionKey), .s(partition)),
                .between(AttributePath(names: sortKey), .s("\(day)T"), .s(last)),
            ]))
        query.ascending = false
        // `between` has both ends: the one that the last page ended with comes again.
        query.limit = limit + 2
        var items = try await dynamoDB.query(query).items.filter { $0["sk"]?.string != after }
        let more = items.count > limit
        items = Array(items.prefix(limit))
        if user != nil, !items.isEmpty {
            let keys = items.map { item in item.filter { $0.key == "pk" || $0.key == "sk" } }
            let found = try await dynamoDB.batchGet(keys, from: table)
            items = found.sorted { ($0["sk"]?.string ?? "") > ($1["sk"]?.string ?? "") }
        }
        return Page(
            entries: items.compactMap(AuditEntry.init), next: more ? items.last?["sk"]?.string : nil)
    }
}

extension AuditEntry {
    static func partition(day: String) -> String { "AUDIT#\(day)" }

    static func partition(user: String) -> String { "AUDIT#\(user)" }

    var item: Item {
        let time = at.rfc3339
        let sortKey = "\(time)#\(UUID.v4())"
        var item: Item = [
            "pk": .s(Self.partition(day: String(time.prefix(10)))), "sk": .s(sortKey),
            "operation": .s(operation), "method": .s(method), "path": .s(path), "request_id": .s(requestID),
            "status": .n(status), "at": .n(at.milliseconds),
            TableDefinition.timeToLiveAttribute: .n((at + AuditLog.retention).seconds),
        ]
        item["address"] = address.map { .s($0) }
        item["key_id"] = keyID.map { .s("\($0)") }
        if let userID {
            item["user"] = .s(userID)
            item["user_pk"] = .s(Self.partition(user: userID))
            item["user_sk"] = .s(sortKey)
        }
        return item
    }

    /// nil for what is no entry.
    init?(_ item: Item) {
        guard let at = item["at"]?.int64, let operation = item["operation"]?.string,
            let method = item["method"]?.string, let path = item["path"]?.string,
            let requestID = item["request_id"]?.string, let status = item["status"]?.int
        else { return nil }
        self.at = Timestamp(milliseconds: at)
        userID = item["user"]?.string
        keyID = (item["key_id"]?.string).flatMap { UUID($0) }
        self.operation = operation
        self.method = method
        self.path = path
        address = item["address"]?.string
        self.requestID = requestID
        self.status = status
    }
}
