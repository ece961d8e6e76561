import AWSClients
import Crypto
import Synchronization
import Telemetry
import Time

/// Picks the best queued job for a slot and claims it.
///
/// High band first; every tenth pick from the lowest band that has a job; inside a band by age. A user has at
/// most `userLimit` jobs and parts of jobs running, so that nobody takes the whole pool.
struct JobQueue: Sendable {
    let store: JobStore
    let slots: SlotPool
    let userLimit: Int
    private let picks = PickCounter()

    private static let pageSize = 25
    /// How far a claim looks into a band before it lets the next one have a turn.
    private static let pageLimit = 8

    init(store: JobStore, slots: SlotPool, userLimit: Int) {
        self.store = store
        self.slots = slots
        self.userLimit = userLimit
    }

    /// A queued job that may run on `slot`, now `running` under the slot's token; nil when there is none.
    ///
    /// `hint` is the job a doorbell named: the index may not show it yet.
    func claim(for slot: HeldSlot, elsewhere: Bool, hint: Job.ID? = nil) async throws(AWSError) -> Job? {
        var running: [String: Int] = [:]
        let bands = Job.Band.allCases
        for band in picks.next().isMultiple(of: 10) ? bands : bands.reversed() {
            var page = BandPage()
            for _ in 0..<Self.pageLimit {
                let candidates = try await page.next(
                    band, store: store, limit: Self.pageSize)
                if candidates.isEmpty { break }
                for candidate in candidates
                where candidate.mayRun(on: slot.worker, elsewhere: elsewhere, at: store.clock()) {
                    if try await isAtLimit(candidate.user, &running) { continue }
                    if let job = try await claim(candidate.id, slot) { return job }
                }
            }
        }
        guard let hint, let job = try await store.job(hint), job.state == .queued,
            Candidate(job).mayRun(on: slot.worker, elsewhere: elsewhere, at: store.clock())
        else { return nil }
        if try await isAtLimit(job.user, &running) { return nil }
        return try await claim(hint, slot)
    }

    /// How many jobs are queued, counted up to `limit`.
    func depth(limit: Int) async throws(AWSError) -> Int {
        var count = 0
        for band in Job.Band.allCases {
            for shard in 0..<JobItem.queueShards where count < limit {
                var query = DynamoDB.Query(
                    table: store.table, index: TableDefinition.queue.name,
                    where: .equals("queue_pk", .s(JobItem.queuePartition(band, shard: shard))))
                query.countOnly = true
                query.limit = limit - count
                count += try await store.dynamoDB.query(query).count
            }
        }
        return count
    }

    private func claim(_ id: Job.ID, _ slot: HeldSlot) async throws(AWSError) -> Job? {
        guard let job = try await store.job(id), job.state == .queued else { return nil }
        guard try await slots.assign(id, to: slot) else { return nil }
        let run = Job.Run(token: slot.token, worker: slot.worker.id, slot: slot.index)
        guard case .done(let claimed) = try await store.apply(.claimed(run), to: job) else { return nil }
        return claimed
    }

    private func isAtLimit(_ user: String, _ running: inout [String: Int]) async throws(AWSError) -> Bool {
        if running[user] == nil {
            running[user] = try await store.runningCount(user: user, limit: userLimit)
        }
        return running[user, default: 0] >= userLimit
    }
}

/// A queued job as the `queue` index shows it.
private struct Candidate {
    var id: Job.ID
    var user: String
    var sortKey: String
    var notBefore: Timestamp?
    var labels: [String]
    var lastWorker: String?

    init?(_ item: Item) {
        guard let id = JobItem.id(of: item), let user = item["user"]?.string,
            let sortKey = item["queue_sk"]?.string
        else { return nil }
        self.id = id
        self.user = user
        self.sortKey = sortKey
        notBefore = (item["not_before"]?.int64).map { Timestamp(milliseconds: $0) }
        labels = (item["worker_labels"]?.list ?? []).compactMap(\.string)
        lastWorker = item["last_worker"]?.string
    }

    init(_ job: Job) {
        id = job.id
        user = job.user
        sortKey = ""
        notBefore = job.notBefore
        labels = job.workerLabels
        lastWorker = job.attempts.last?.worker
    }

    /// `elsewhere`: another worker could take it, so not again the one where it failed.
    func mayRun(on worker: Worker, elsewhere: Bool, at now: Timestamp) -> Bool {
        if let notBefore, notBefore > now { return false }
        if elsewhere, lastWorker == worker.id { return false }
        return worker.carries(labels)
    }
}

/// Reads a band's shards page by page and merges them by age.
private struct BandPage {
    private var startKeys: [Int: Item] = [:]
    private var finished: Set<Int> = []

    mutating func next(_ band: Job.Band, store: JobStore, limit: Int) async throws(AWSError) -> [Candidate] {
        var candidates: [Candidate] = []
        for shard in 0..<JobItem.queueShards where !finished.contains(shard) {
            var query = DynamoDB.Query(
                table: store.table, index: TableDefinition.queue.name,
                where: .equals("queue_pk", .s(JobItem.queuePartition(band, shard: shard))))
            query.limit = limit
            query.startKey = startKeys[shard]
            let page = try await store.dynamoDB.query(query)
            candidates += page.items.compactMap(Candidate.init)
            startKeys[shard] = page.lastKey
            if page.lastKey == nil { finished.insert(shard) }
        }
        return candidates.sorted { $0.sortKey < $1.sortKey }
    }
}

/// Counts the picks of this process; starts anywhere, so that short-lived processes together keep the rhythm.
private final class PickCounter: Sendable {
    private let count = Atomic<Int>(Int.random(in: 1...10))
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
