import AWSClients
import Time

/// Items read again and again (keys, accounts, revocations), each kept for a moment: what is changed elsewhere holds
/// here within a minute. That there is no such item is kept too.
actor RecentItems {
    private struct Kept {
        let item: Item?
        let until: Timestamp
    }

    /// Under the minute within which a revocation holds everywhere, by more than a call takes.
    static let lifetime: Duration = .seconds(50)
    /// Anybody can ask for items that are not there: what is kept is bounded.
    static let capacity = 2048

    private let dynamoDB: DynamoDB
    private let table: String
    private let clock: @Sendable () -> Timestamp
    private var kept: [String: Kept] = [:]

    /// Of one table.
    init(_ dynamoDB: DynamoDB, table: String, clock: @escaping @Sendable () -> Timestamp) {
        self.dynamoDB = dynamoDB
        self.table = table
        self.clock = clock
    }

    /// The item as it was at most `lifetime` ago.
    func item(_ partition: String, _ sortKey: String) async throws(AWSError) -> Item? {
        let name = Self.name(partition, sortKey)
        let now = clock()
        if let found = kept[name], now < found.until { return found.item }
        let item = try await dynamoDB.get(["pk": .s(partition), "sk": .s(sortKey)], from: table)
        if kept.count >= Self.capacity { kept = kept.filter { now < $0.value.until } }
        if kept.count >= Self.capacity { kept = [:] }
        kept[name] = Kept(item: item, until: now + Self.lifetime)
        return item
    }

    /// After a change made here.
    func forget(_ partition: String, _ sortKey: String) {
        kept[Self.name(partition, sortKey)] = nil
    }

    private static func name(_ partition: String, _ sortKey: String) -> String { "\(partition) \(sortKey)" }
}
