import AWSClients
import Time

/// Counters in the table that do not go over their limits: one conditional update adds to all of an item's at once, or
/// to none.
struct Counters: Sendable {
    let dynamoDB: DynamoDB
    let table: String

    /// What to add to which counter, and what it must not go over.
    struct Step: Sendable, Hashable {
        let name: String
        let amount: Int
        /// nil: only counted.
        let limit: Int?
        /// Whether `amount` is not known yet, so that the counter must only be under its limit before.
        var isOpenEnded = false
    }

    /// The item's counters as they are now, and whether the step was taken.
    struct Outcome: Sendable, Hashable {
        let isWithin: Bool
        let values: [String: Int]
    }

    /// Takes a step, unless a limit forbids it.
    func add(_ steps: [Step], to key: Item, expires: Timestamp) async throws(AWSError) -> Outcome {
        var conditions: [Condition] = []
        var updates: [Update] = [
            .setIfAbsent(AttributePath(names: TableDefinition.timeToLiveAttribute), .n(expires.seconds))
        ]
        for step in steps {
            let path = AttributePath(names: step.name)
            updates.append(.add(path, .n(step.amount)))
            guard let limit = step.limit else { continue }
            let room = step.isOpenEnded ? limit - 1 : limit - step.amount
            guard room >= 0 else { return Outcome(isWithin: false, values: try await values(of: key)) }
            conditions.append(.or([.notExists(path), .lessOrEqual(path, .n(room))]))
        }
        do {
            let item = try await dynamoDB.update(
                key, in: table, updates, condition: conditions.isEmpty ? nil : .and(conditions),
                returning: .allNew)
            return Outcome(isWithin: true, values: Self.values(item))
        } catch  where error.code == .conditionalCheckFailed {
            return Outcome(isWithin: false, values: try await values(of: key))
        }
    }

    /// The counters of an item.
    func values(of key: Item) async throws(AWSError) -> [String: Int] {
        Self.values(try await dynamoDB.get(key, from: table))
    }

    static func values(_ item: Item?) -> [String: Int] {
        (item ?? [:]).compactMapValues(\.int)
    }
}
