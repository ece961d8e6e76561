import AWSClients
import JSON
import Telemetry

extension JobStore {
    /// Positions are counted up to this one.
    static let countedPositions = 1000

    /// The place of a queued job: 1 is next, nil is beyond what is counted or not to be had now. All jobs of the bands above
    /// come first, then the older ones of its own; an estimate, because each tenth pick is the lowest band's.
    func queuePosition(of job: Job) async -> Int? {
        await queueDepth(from: job.band, before: job).map { $0 + 1 }
    }

    /// How many jobs of this band and those above are queued, or of this band those before a job; nil as above.
    func queueDepth(from lowest: Job.Band, before job: Job? = nil) async -> Int? {
        do {
            var ahead = 0
            for band in Job.Band.allCases.reversed() where band.rawValue >= lowest.rawValue {
                ahead += try await count(band, before: band == lowest ? job : nil)
                if ahead >= Self.countedPositions { return nil }
            }
            return ahead
        } catch {
            // Nobody's request fails for want of a place in a queue.
            Log.warn("queue not counted", ["error": .string("\(error)")])
            return nil
        }
    }

    /// The shards of one band at once.
    private func count(_ band: Job.Band, before job: Job?) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for shard in 0..<JobItem.queueShards {
                var condition: Condition = .equals(
                    "queue_pk", .s(JobItem.queuePartition(band, shard: shard)))
                if let job {
                    let end = "\(JobItem.sortable(job.queuedAt))#\(job.id)"
                    condition = .and([condition, .less("queue_sk", .s(end))])
                }
                var query = DynamoDB.Query(
                    table: table, index: TableDefinition.queue.name, where: condition)
                query.countOnly = true
                query.limit = Self.countedPositions
                group.addTask { [query] in try await dynamoDB.query(query).count }
            }
            return try await group.reduce(0, +)
        }
    }
}
