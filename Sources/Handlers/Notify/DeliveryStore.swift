import AWSClients
import Crypto
import Time

/// The webhooks that are to be delivered: one item a job and event, recorded before anything is sent.
struct DeliveryStore: Sendable {
    private let dynamoDB: DynamoDB
    private let table: String

    init(_ services: Services) {
        dynamoDB = DynamoDB(services.aws)
        table = services.configuration.table
    }

    /// False when it is recorded already: a completion is announced at least once.
    func record(_ delivery: Delivery) async throws(AWSError) -> Bool {
        do {
            try await dynamoDB.put(delivery.item, into: table, condition: .notExists("pk"))
            return true
        } catch  where error.code == .conditionalCheckFailed {
            // After a lost answer it may be this very write that is found.
            guard error.attempts > 1 else { return false }
            return try await self.delivery(delivery.job, event: delivery.event) == delivery
        }
    }

    /// As it is now; nil when there is none.
    func delivery(_ job: Job.ID, event: String) async throws(AWSError) -> Delivery? {
        try await dynamoDB.get(Delivery.key(job, event: event), from: table).flatMap { Delivery($0) }
    }

    /// All of a job's.
    func deliveries(_ job: Job.ID) async throws(AWSError) -> [Delivery] {
        var query = DynamoDB.Query(
            table: table,
            where: .and([
                .equals("pk", .s(JobItem.partition(job))), .beginsWith("sk", Delivery.sortKeyPrefix),
            ]))
        query.consistent = true
        return try await dynamoDB.query(query).items.compactMap { Delivery($0) }
    }

    /// Has it sent once more, by the sweep. nil when a try of it began or ended meanwhile.
    func resend(_ delivery: Delivery, at now: Timestamp) async throws(AWSError) -> Delivery? {
        let again = delivery.again(at: now)
        return try await write(again, over: delivery) ? again : nil
    }

    /// Counts a try before it is made, with the time of the next one: whoever dies now has not lost it. nil when
    /// somebody else has begun the same try.
    func begin(_ delivery: Delivery, at now: Timestamp) async throws(AWSError) -> Delivery? {
        var begun = delivery
        begun.attempts += 1
        // The last try has a next one too, until it is known how it ended.
        begun.dueAt = Delivery.next(after: begun.attempts, at: now) ?? now + .seconds(60)
        return try await write(begun, over: delivery) ? begun : nil
    }

    /// Takes note of what a try came to.
    func conclude(_ ended: Delivery, of begun: Delivery) async throws(AWSError) {
        _ = try await write(ended, over: begun)
    }

    private func write(_ new: Delivery, over old: Delivery) async throws(AWSError) -> Bool {
        let updates = JobStore.difference(from: old.item, to: new.item)
        // A try that came to what the one before it came to; DynamoDB refuses an update of nothing.
        if updates.isEmpty { return true }
        do {
            try await dynamoDB.update(
                Delivery.key(old.job, event: old.event), in: table, updates,
                condition: .and([
                    .equals("state", .s(old.state.rawValue)), .equals("attempts", .n(old.attempts)),
                ]))
            return true
        } catch  where error.code == .conditionalCheckFailed {
            guard error.attempts > 1 else { return false }
            return try await delivery(old.job, event: old.event) == new
        }
    }
}
