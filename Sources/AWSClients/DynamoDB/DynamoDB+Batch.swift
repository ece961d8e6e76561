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

    /// Up to 25 writes to one table in one request; each may succeed alone. What DynamoDB leaves unprocessed is sent
    /// again with back-off, as often as a call is attempted; what is left then is an error.
    public func batchWrite(_ items: [BatchItem], to table: String) async throws(AWSError) {
        let operation = Operation(.dynamoDB, "BatchWriteItem")
        guard (1...Self.maximumBatchItems).contains(items.count) else {
            throw operation.invalid(
                "a batch of \(items.count) items; 1 to \(Self.maximumBatchItems) are allowed")
        }
        var pending: [JSON] = []
        do throws(AttributeValue.Invalid) {
            for item in items { pending.append(try Self.request(item)) }
        } catch {
            throw operation.invalid(error.message)
        }
        let policy = client.policy(for: .dynamoDB)
        for round in 0..<policy.maximumAttempts {
            pending = try await call(operation, ["RequestItems": [table: .array(pending)]]) { output in
                output["UnprocessedItems"]?[table]?.array ?? []
            }
            if pending.isEmpty { return }
            if round + 1 == policy.maximumAttempts { break }
            let delay = policy.delay(
                retry: round, verdict: .transient, random: client.clock.random(), hint: nil)
            do { try await client.clock.sleep(delay) } catch {
                throw operation.error(.cancelled, "cancelled")
            }
        }
        throw operation.error(
            .init(rawValue: "ProvisionedThroughputExceededException"),
            "\(pending.count) of \(items.count) items were still unprocessed after \(policy.maximumAttempts) rounds"
        )
    }

    private static func request(_ item: BatchItem) throws(AttributeValue.Invalid) -> JSON {
        switch item {
        case .put(let item): ["PutRequest": ["Item": try AttributeValue.json(item)]]
        case .delete(let key): ["DeleteRequest": ["Key": try Self.key(key)]]
        }
    }
}
