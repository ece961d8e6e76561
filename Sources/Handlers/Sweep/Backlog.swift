import AWSClients
import Telemetry
import Time

/// What waits and what runs, for the scaling of the workers (`docs/scaling.md`).
///
/// Bounded: each query reads one page, so that a count ends at what 1 MB of the index holds, some thousand jobs a shard.
/// The parts of a job that runs in parts wait each for itself; what runs is counted in jobs.
struct Backlog: Sendable, Hashable {
    var queued = 0
    var running = 0
    /// Since the oldest one came; zero when none waits.
    var oldestAge: Duration = .zero
    /// How many of the queued ones wait in each band.
    var byBand: [Job.Band: Int] = [:]

    /// Counts all shards of all bands at once.
    static func count(_ store: JobStore) async throws -> Backlog {
        try await withThrowingTaskGroup(of: Backlog.self) { group in
            for band in Job.Band.allCases {
                for shard in 0..<JobItem.queueShards {
                    group.addTask { try await queued(band, shard, store) }
                }
            }
            for shard in 0..<JobItem.openShards {
                group.addTask { try await running(shard, store) }
            }
            return try await group.reduce(into: Backlog()) { sum, part in
                sum.queued += part.queued
                sum.byBand.merge(part.byBand, uniquingKeysWith: +)
                sum.running += part.running
                sum.oldestAge = max(sum.oldestAge, part.oldestAge)
            }
        }
    }

    private static func queued(_ band: Job.Band, _ shard: Int, _ store: JobStore) async throws(AWSError)
        -> Backlog
    {
        var query = DynamoDB.Query(
            table: store.table, index: TableDefinition.queue.name,
            where: .equals("queue_pk", .s(JobItem.queuePartition(band, shard: shard))))
        query.countOnly = true
        var part = Backlog(queued: try await store.dynamoDB.query(query).count)
        part.byBand[band] = part.queued
        if part.queued == 0 { return part }
        query.countOnly = false
        query.limit = 1
        let first = try await store.dynamoDB.query(query).items.first
        if let oldest = first.flatMap({ Candidate($0, in: band) }) {
            part.oldestAge = max(.zero, store.clock() - oldest.queuedAt)
        }
        return part
    }

    private static func running(_ shard: Int, _ store: JobStore) async throws(AWSError) -> Backlog {
        var query = DynamoDB.Query(
            table: store.table, index: TableDefinition.openWork.name,
            where: .equals("open_pk", .s(JobItem.openPartition(shard: shard))))
        query.filter = .and([
            .equals("state", .s(Job.State.running.rawValue)), .equals("sk", .s(JobItem.sortKey)),
        ])
        query.countOnly = true
        return Backlog(running: try await store.dynamoDB.query(query).count)
    }

    /// For each worker that answers; without any as if there were one, so that the first is started.
    func perWorker(_ alive: Int) -> Double { Double(queued) / Double(max(1, alive)) }

    /// Adds what the scaling policies go by to the invocation's metrics.
    func publish(alive: Int) {
        Metrics.add(.queuedJobs, Double(queued), .count)
        Metrics.add(.runningJobs, Double(running), .count)
        Metrics.add(.backlogPerWorker, perWorker(alive), .count)
        Metrics.add(.oldestQueuedAge, oldestAge / .seconds(1), .seconds)
    }
}
