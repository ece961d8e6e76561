import AWSClients
import Crypto
import JSON
import Time

/// A job as a list shows it: what the indexes carry.
struct JobSummary: Sendable, Hashable {
    /// The job's id.
    var id: String
    var state: Job.State
    var priority: Int
    var createdAt: Timestamp
    var queuedAt: Timestamp
    var startedAt: Timestamp?
    var completedAt: Timestamp?
    var cancelRequestedAt: Timestamp?
    var outputCount: Int
    /// The failure's code and message.
    var error: (code: String, message: String)?

    static func == (a: JobSummary, b: JobSummary) -> Bool { a.id == b.id && a.state == b.state }
    func hash(into hasher: inout Hasher) { hasher.combine(id) }

    /// nil for an index entry that is no job's.
    init?(_ item: Item) {
        guard let id = item["user_sk"]?.string ?? item["user_status_sk"]?.string,
            let state = (item["state"]?.string).flatMap(Job.State.init),
            let created = item["created_at"]?.int64
        else { return nil }
        func time(_ name: String) -> Timestamp? {
            (item[name]?.int64).map { Timestamp(milliseconds: $0) }
        }
        self.id = id
        self.state = state
        self.priority = item["priority"]?.int ?? 5
        self.createdAt = Timestamp(milliseconds: created)
        self.queuedAt = time("queued_at") ?? self.createdAt
        self.startedAt = time("started_at")
        self.completedAt = time("completed_at")
        self.cancelRequestedAt = time("cancel_requested_at")
        self.outputCount = item["output_count"]?.int ?? 0
        if let error = item["error"]?.map, let code = error["code"]?.string {
            self.error = (code, error["message"]?.string ?? "")
        }
    }
}

extension JobStore {
    /// One page of a list, newest first.
    struct Listing: Sendable {
        var jobs: [JobSummary]
        /// The id after which the next page begins; nil at the end.
        var next: String?
    }

    /// A user's jobs, newest first, after the job `after` (exclusive). Lists may lag by a moment.
    func list(user: String, state: Job.State?, limit: Int, after: String?) async throws(AWSError)
        -> Listing
    {
        let index = state == nil ? TableDefinition.byUser : TableDefinition.byUserStatus
        let partition = state.map { JobItem.statusPartition(user, $0) } ?? user
        var condition: Condition = .equals(AttributePath(names: index.partitionKey), .s(partition))
        if let after { condition = .and([condition, .less(AttributePath(names: index.sortKey), .s(after))]) }
        var query = DynamoDB.Query(table: table, index: index.name, where: condition)
        query.ascending = false
        query.limit = limit + 1
        let page = try await dynamoDB.query(query)
        let found = page.items.compactMap(JobSummary.init)
        return Listing(
            jobs: Array(found.prefix(limit)),
            next: found.count > limit ? found[limit - 1].id : nil)
    }

    /// How many slots a user's jobs and parts of jobs hold, counted up to `limit`. A job that is run in parts holds none itself.
    func runningCount(user: String, limit: Int) async throws(AWSError) -> Int {
        var count = 0
        for partition in [JobItem.statusPartition(user, .running), JobItem.runningPartsPartition(user)] {
            var query = DynamoDB.Query(
                table: table, index: TableDefinition.byUserStatus.name,
                where: .equals("user_status_pk", .s(partition)))
            query.countOnly = true
            query.filter = .notExists("part_count")
            repeat {
                let page = try await dynamoDB.query(query)
                count += page.count
                query.startKey = page.lastKey
            } while query.startKey != nil && count < limit
            if count >= limit { return limit }
        }
        return count
    }
}
