import JSON

extension DynamoDB {
    /// One write of a batch: no conditions, no updates.
    public enum BatchItem: Sendable {
        /// Writes an item over whatever is there.
        case put(Item)
        /// Deletes an item.
        case delete(key: Item)
    }

    static let maximumBatchItems = 25
    /// How many keys one `batchGet` may ask for.
    public static let maximumBatchKeys = 100

    /// Up to 25 writes to one table in one request; each may succeed alone. What DynamoDB leaves unprocessed is sent
    /// again with back-off, for as long as something of it gets done; what is left then is an error.
    public func batchWrite(_ items: [BatchItem], to table: String) async throws(AWSError) {
        let operation = Operation(.dynamoDB, "BatchWriteItem")
        guard (1...Self.maximumBatchItems).contains(items.count) else {
            throw operation.invalid(
                "a batch of \(items.count) items; 1 to \(Self.maximumBatchItems) are allowed")
        }
        let requests = try Self.all(items, operation) { item throws(AttributeValue.Invalid) in
            switch item {
            case .put(let item): ["PutRequest": ["Item": try AttributeValue.checkedJSON(item)]]
            case .delete(let key): ["DeleteRequest": ["Key": try Self.key(key)]]
            }
        }
        try await untilProcessed(operation, requests) { pending throws(AWSError) in
            try await call(operation, ["RequestItems": [table: .array(pending)]]) { output in
                output["UnprocessedItems"]?[table]?.array ?? []
            }
        }
    }

    /// The items of up to 100 different keys of one table, in no order, without those that are not there. What
    /// DynamoDB leaves unprocessed is asked for again as `batchWrite` does it.
    public func batchGet(
        _ keys: [Item], from table: String, consistent: Bool = true, projection: [AttributePath]? = nil
    ) async throws(AWSError) -> [Item] {
        let operation = Operation(.dynamoDB, "BatchGetItem")
        guard (1...Self.maximumBatchKeys).contains(keys.count) else {
            throw operation.invalid(
                "a batch of \(keys.count) keys; 1 to \(Self.maximumBatchKeys) are allowed")
        }
        if Set(keys).count < keys.count { throw operation.invalid("a key stands twice in the batch") }
        var request: JSON.Object = ["ConsistentRead": .bool(consistent)]
        let wanted = try Self.all(keys, operation, Self.key)
        if let projection {
            let expression = try Self.all([projection], operation) { paths throws(AttributeValue.Invalid) in
                var input = JSON.Object()
                var expression = Expression()
                input["ProjectionExpression"] = .string(try expression.projection(paths))
                expression.add(to: &input)
                return .object(input)
            }
            for (name, value) in expression[0].object ?? [:] { request[name] = value }
        }
        var items: [Item] = []
        try await untilProcessed(operation, wanted) { pending throws(AWSError) in
            request["Keys"] = .array(pending)
            let (found, left) = try await call(operation, ["RequestItems": [table: .object(request)]]) {
                output throws(AWSError) in
                (
                    try Self.items(output["Responses"]?[table], operation),
                    output["UnprocessedKeys"]?[table]?["Keys"]?.array ?? []
                )
            }
            items += found
            return left
        }
        return items
    }

    /// Runs `round` with what the last one left, after a pause, until nothing is left. It gives up when as many rounds
    /// one after another got nothing done as a call has attempts.
    private func untilProcessed(
        _ operation: Operation, _ all: [JSON], round: ([JSON]) async throws(AWSError) -> [JSON]
    ) async throws(AWSError) {
        let policy = client.policy(for: .dynamoDB)
        var pending = all
        var stalled = 0
        while true {
            let left = try await round(pending)
            if left.isEmpty { return }
            stalled = left.count < pending.count ? 0 : stalled + 1
            pending = left
            if stalled == policy.maximumAttempts { break }
            let delay = policy.delay(
                retry: max(stalled - 1, 0), verdict: .transient, random: client.clock.random(), hint: nil)
            guard try await client.backOff(delay, operation) else { break }
        }
        throw operation.error(
            .init(rawValue: "ProvisionedThroughputExceededException"),
            "\(pending.count) of \(all.count) items were still unprocessed after \(stalled) rounds without progress"
        )
    }
}
