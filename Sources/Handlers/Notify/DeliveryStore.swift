import AWSClients
import Time

/// The webhooks that are to be delivered: one item a job and event, recorded before anything is sent.
struct DeliveryStore: Sendable {
    private let dynamoDB: DynamoDB
    private let services: Services

    init(_ services: Services) {
        self.services = services
        dynamoDB = DynamoDB(services.aws)
    }

    /// False when it is recorded already: a completion is announced at least once.
    func record(_ job: Job, event: String) async throws(AWSError) -> Bool {
        var item: Item = [
            "pk": .s(JobItem.partition(job.id)), "sk": .s("DELIVERY#\(event)"),
            "user": .s(job.user), "state": .s("pending"), "attempts": .n(0),
            "due_at": .n(services.now.milliseconds),
        ]
        item["url"] = job.webhookURL.map { .s($0) }
        if let expiresAt = job.expiresAt {
            item[TableDefinition.timeToLiveAttribute] = .n(expiresAt.seconds)
        }
        do {
            try await dynamoDB.put(
                item, into: services.configuration.table, condition: .notExists("pk"))
            return true
        } catch  where error.code == .conditionalCheckFailed {
            return false
        }
    }
}
