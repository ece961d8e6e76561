import AWSClients
import Crypto
import Time

/// `Idempotency-Key`: the same key and the same body are the same job for 24 hours.
///
/// The record is written before anything else of the job. Whoever finds it without a job creates the job
/// under the recorded id: a crash between the two loses nothing and doubles nothing.
struct IdempotencyStore: Sendable {
    let dynamoDB: DynamoDB
    let table: String

    /// How long a key is remembered.
    static let memory: Duration = .seconds(24 * 3600)

    /// In the one table.
    init(_ dynamoDB: DynamoDB, table: String) {
        self.dynamoDB = dynamoDB
        self.table = table
    }

    /// What a key means for this request.
    enum Claim: Sendable, Hashable {
        /// The job id to use: the proposed one, or that of an earlier request with the same body.
        case job(Job.ID, isNew: Bool)
        /// The key was used with another body.
        case mismatch
    }

    /// Claims `key` for `user`. `bodyHash` is taken before a seed is drawn, so that a repeated request hashes alike.
    func claim(user: String, key: String, bodyHash: [UInt8], proposed: Job.ID, at now: Timestamp)
        async throws(AWSError) -> Claim
    {
        let partition = Self.partition(user: user, key: key)
        let item: Item = [
            "pk": .s(partition), "sk": .s("IDEM"), "job_id": .s("\(proposed)"),
            "body_hash": .b(bodyHash),
            TableDefinition.timeToLiveAttribute: .n((now + Self.memory).seconds),
        ]
        do {
            try await dynamoDB.put(
                item, into: table,
                condition: .or([
                    .notExists("pk"),
                    .lessOrEqual(AttributePath(names: TableDefinition.timeToLiveAttribute), .n(now.seconds)),
                ]))
            return .job(proposed, isNew: true)
        } catch  where error.code == .conditionalCheckFailed {
            let found = try await dynamoDB.get(["pk": .s(partition), "sk": .s("IDEM")], from: table)
            guard let found, let id = (found["job_id"]?.string).flatMap({ Job.ID($0) }) else {
                throw AWSError(
                    .malformedResponse, "an idempotency record without a job id", service: "dynamodb",
                    operation: "GetItem")
            }
            guard let hash = found["body_hash"]?.bytes, hash == bodyHash else { return .mismatch }
            return .job(id, isNew: false)
        }
    }

    /// The length in front keeps (user "a", key "b#c") and (user "a#b", key "c") apart.
    static func partition(user: String, key: String) -> String {
        "IDEM#" + Hex.encode(SHA256.hash(Array("\(user.utf8.count):\(user)\(key)".utf8)))
    }
}
