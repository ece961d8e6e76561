import AWSClients
import Time

/// The last count, in the table: whoever asks how full the queue is costs one read.
extension Backlog {
    private static let key: Item = ["pk": .s("SYSTEM"), "sk": .s("BACKLOG")]

    /// Takes the place of the count before.
    func record(_ store: JobStore) async throws(AWSError) {
        var item = Self.key
        item["queued"] = .n(queued)
        item["running"] = .n(running)
        item["oldest_ms"] = .n(oldestAge.milliseconds)
        item["counted_at"] = .n(store.clock().milliseconds)
        try await store.dynamoDB.put(item, into: store.table)
    }

    /// What was counted last, and when; nil before the first sweep.
    static func recorded(_ store: JobStore) async throws(AWSError) -> (backlog: Backlog, at: Timestamp)? {
        guard let item = try await store.dynamoDB.get(key, from: store.table),
            let at = item["counted_at"]?.int64
        else { return nil }
        let backlog = Backlog(
            queued: item["queued"]?.int ?? 0, running: item["running"]?.int ?? 0,
            oldestAge: .milliseconds(item["oldest_ms"]?.int64 ?? 0))
        return (backlog, Timestamp(milliseconds: at))
    }
}
