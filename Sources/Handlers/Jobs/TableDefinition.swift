public import JSON

/// The one DynamoDB table: its keys, its four sparse indexes, and what each index carries.
///
/// `template.yaml` says the same for CloudFormation; a test compares the two.
public enum TableDefinition {
    /// The attribute with the time to live, in whole seconds since 1970.
    public static let timeToLiveAttribute = "expires_at"

    /// A secondary index and the attributes it carries beside its keys.
    public struct Index: Sendable {
        /// As queries name it.
        public let name: String
        /// Prefix of the two key attributes: `<prefix>_pk`, `<prefix>_sk`.
        let prefix: String
        /// Attributes a reader of the index needs; DynamoDB bills each of them again at every write.
        public let projected: [String]
        var partitionKey: String { "\(prefix)_pk" }
        var sortKey: String { "\(prefix)_sk" }
    }

    /// Jobs that wait for a slot: `band#shard` / time of queueing.
    public static let queue = Index(
        name: "queue", prefix: "queue",
        projected: ["user", "not_before", "worker_labels", "checkpoint", "last_worker"])
    /// Jobs that are unfinished or unannounced: `OPEN#shard` / due time.
    public static let openWork = Index(name: "open_work", prefix: "open", projected: ["state"])
    /// All jobs of a user: user / job id.
    public static let byUser = Index(name: "by_user", prefix: "user", projected: listed)
    /// A user's jobs in one state: `user#state` / job id. The parts that run stand apart, for the user's limit.
    public static let byUserStatus = Index(
        name: "by_user_status", prefix: "user_status", projected: listed + ["part_count"])

    private static let listed = [
        "state", "priority", "created_at", "queued_at", "started_at", "completed_at",
        "cancel_requested_at", "output_count", "error",
    ]

    /// All four.
    public static let indexes = [queue, openWork, byUser, byUserStatus]

    /// The input of `CreateTable`, on-demand billing.
    public static func createTableInput(name: String) -> JSON {
        var attributes: [JSON] = [attribute("pk"), attribute("sk")]
        var secondary: [JSON] = []
        for index in indexes {
            attributes += [attribute(index.partitionKey), attribute(index.sortKey)]
            secondary.append([
                "IndexName": .string(index.name),
                "KeySchema": keySchema(index.partitionKey, index.sortKey),
                "Projection": [
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": .array(index.projected.map { .string($0) }),
                ],
            ])
        }
        return [
            "TableName": .string(name),
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": .array(attributes),
            "KeySchema": keySchema("pk", "sk"),
            "GlobalSecondaryIndexes": .array(secondary),
        ]
    }

    /// The input of `UpdateTimeToLive`.
    public static func timeToLiveInput(name: String) -> JSON {
        [
            "TableName": .string(name),
            "TimeToLiveSpecification": [
                "Enabled": true, "AttributeName": .string(timeToLiveAttribute),
            ],
        ]
    }

    private static func attribute(_ name: String) -> JSON {
        ["AttributeName": .string(name), "AttributeType": "S"]
    }

    private static func keySchema(_ partition: String, _ sort: String) -> JSON {
        [
            ["AttributeName": .string(partition), "KeyType": "HASH"],
            ["AttributeName": .string(sort), "KeyType": "RANGE"],
        ]
    }
}
