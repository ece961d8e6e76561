import AWSClients
import HTTP
import JSON
import Telemetry
import Time

/// The counters of all environments, in the table: one partition, so that a scrape is one query; an item for each series and shard.
///
/// Each environment adds to the items of the shard that it drew, so that many at once do not wait for one item. See
/// `docs/decisions/metric-items.md`.
struct MetricStore: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    let loop: EventLoop
    let tallies: MetricTallies
    private let shard = Int.random(in: 0..<shards)

    static let shards = 4
    static let partition = "METRICS"
    private static let gaugesKey: Item = ["pk": .s(partition), "sk": .s("GAUGES")]
    /// An answer waits no longer for it.
    private static let patience: Duration = .seconds(1)

    init(dynamoDB: DynamoDB, table: String, loop: EventLoop, tallies: MetricTallies) {
        self.dynamoDB = dynamoDB
        self.table = table
        self.loop = loop
        self.tallies = tallies
    }

    // MARK: Writing

    /// Adds what was counted to the table, when it was not done for a while. A failure is told in the log, and tried again with the next
    /// flush: an answer that was lost on its way may count twice.
    func flushIfDue() async {
        let due = tallies.takeDue()
        if due.isEmpty { return }
        let left = await withTaskGroup(of: (MetricSeries, MetricTally)?.self) { group in
            for (series, tally) in due {
                group.addTask { await add(tally, to: series) ? nil : (series, tally) }
            }
            var left: [MetricSeries: MetricTally] = [:]
            for await case let (series, tally)? in group { left[series] = tally }
            return left
        }
        if left.isEmpty { return }
        tallies.putBack(left)
        Log.warn("metrics not written, kept for the next time", ["series": .number(left.count)])
    }

    private func add(_ tally: MetricTally, to series: MetricSeries) async -> Bool {
        var updates: [Update] = [.add("n", .n(tally.count))]
        if tally.sum != 0 { updates.append(.add("s", .n(tally.sum))) }
        for (bucket, count) in tally.buckets.sorted(by: { $0.key < $1.key }) {
            updates.append(.add(AttributePath(names: "b\(bucket)"), .n(count)))
        }
        let (dynamoDB, table, key) = (dynamoDB, table, Self.key(series, shard))
        do {
            try await withDeadline(Self.patience, on: loop) { [updates] in
                _ = try await dynamoDB.update(key, in: table, updates)
            }
            return true
        } catch {
            Log.debug("a metric is not written", ["error": .string("\(error)")])
            return false
        }
    }

    /// Takes the place of the gauges before.
    func record(_ gauges: MetricGauges) async throws(AWSError) {
        try await dynamoDB.put(Self.gaugesKey.merging(gauges.item) { $1 }, into: table)
    }

    private static func key(_ series: MetricSeries, _ shard: Int) -> Item {
        let parts = [series.family, "\(shard)"] + series.values
        return ["pk": .s(partition), "sk": .s(parts.joined(separator: "|"))]
    }

    // MARK: Reading

    /// What all environments have written, and the sweep's last gauges.
    func read() async throws(AWSError) -> (tallies: [MetricSeries: MetricTally], gauges: MetricGauges?) {
        var query = DynamoDB.Query(table: table, where: .equals("pk", .s(Self.partition)))
        var tallies: [MetricSeries: MetricTally] = [:]
        var gauges: MetricGauges?
        repeat {
            let page = try await dynamoDB.query(query)
            for item in page.items {
                if item["sk"] == Self.gaugesKey["sk"] { gauges = MetricGauges(item) }
                guard let series = Self.series(item) else { continue }
                tallies[series, default: MetricTally()] += Self.tally(item)
            }
            query.startKey = page.lastKey
        } while query.startKey != nil
        return (tallies, gauges)
    }

    /// nil for what is none of this version's.
    private static func series(_ item: Item) -> MetricSeries? {
        let parts = (item["sk"]?.string ?? "").split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count > 2, let family = MetricFamily.all.first(where: { $0.name == parts[0] }),
            parts.count == family.labels.count + 2
        else { return nil }
        return MetricSeries(family: family.name, values: parts[2...].map(String.init))
    }

    private static func tally(_ item: Item) -> MetricTally {
        var tally = MetricTally(count: item["n"]?.int ?? 0, sum: item["s"]?.int ?? 0)
        for (name, value) in item where name.hasPrefix("b") {
            if let bucket = Int(name.dropFirst()), let count = value.int { tally.buckets[bucket] = count }
        }
        return tally
    }
}
