public import AWSClients
import HTTP
public import Time

/// What the table says of a worker, for programs that look at a deployment from outside.
public struct RecordedWorker: Sendable, Hashable {
    /// `w-…`, as jobs name it.
    public let id: String
    /// Where it answers, without what authorizes a call.
    public let address: String
    /// It did not answer several times in a row.
    public let isDead: Bool
    /// Until then it gets no job; nil when it may get one.
    public let leftOutUntil: Timestamp?
    /// When it last answered; nil when it never did.
    public let seenAt: Timestamp?

    /// As given.
    public init(id: String, address: String, isDead: Bool, leftOutUntil: Timestamp?, seenAt: Timestamp?) {
        self.id = id
        self.address = address
        self.isDead = isDead
        self.leftOutUntil = leftOutUntil
        self.seenAt = seenAt
    }

    /// Every worker on record, in the order of their ids.
    public static func all(in table: String, _ dynamoDB: DynamoDB) async throws(AWSError) -> [RecordedWorker]
    {
        try await WorkerRegistry.recorded(in: table, dynamoDB).map { worker in
            RecordedWorker(
                id: worker.id, address: worker.address.redacted, isDead: worker.isDead,
                leftOutUntil: worker.leftOutUntil, seenAt: worker.seenAt)
        }.sorted { $0.id < $1.id }
    }
}
