import AWSClients
import Crypto
import JSON
import Time

extension JobItem {
    /// What in an item is not a job's.
    struct DecodingError: Error, Sendable, CustomStringConvertible {
        /// The attribute that is missing or of another type.
        let attribute: String
        var description: String { "the job item's attribute '\(attribute)' is missing or malformed" }
    }

    /// The job of an item that `encode` made.
    static func decode(_ item: Item) throws(DecodingError) -> Job {
        guard let id = id(of: item) else { throw DecodingError(attribute: "pk") }
        guard let found = item["schema"]?.int, found <= schema else {
            throw DecodingError(attribute: "schema")
        }
        var job = Job(
            id: id, user: try text(item, "user"), createdAt: try time(item, "created_at"))
        job.state = try value(item, "state", Job.State.init)
        job.version = try integer(item, "version")
        job.priority = try integer(item, "priority")
        job.queuedAt = try time(item, "queued_at")
        job.startedAt = optionalTime(item, "started_at")
        job.completedAt = optionalTime(item, "completed_at")
        job.notBefore = optionalTime(item, "not_before")
        job.cancelRequestedAt = optionalTime(item, "cancel_requested_at")
        job.deletedAt = optionalTime(item, "deleted_at")
        job.dueAt = (item["open_sk"]?.string).flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) }
        job.attempt = try integer(item, "attempt")
        job.run = decodeRun(item)
        for entry in item["attempts"]?.list ?? [] { job.attempts.append(try decodeAttempt(entry)) }
        for entry in item["outputs"]?.list ?? [] { job.outputs.append(try decodeOutput(entry)) }
        job.failure = try item["error"].map { error throws(DecodingError) in try decodeFailure(error) }
        job.notificationPending = item["notification_pending"]?.bool ?? false
        job.timeoutSeconds = try integer(item, "timeout_seconds")
        job.executionMode = try value(item, "execution_mode", Job.ExecutionMode.init)
        job.partNodes = (item["part_nodes"]?.list ?? []).compactMap(\.int)
        job.primaryNode = item["primary_node"]?.string
        job.workerLabels = (item["worker_labels"]?.list ?? []).compactMap(\.string)
        job.checkpoint = item["checkpoint"]?.string
        if case .n(let seed)? = item["seed"] { job.seed = UInt64(seed) }
        job.template = TemplateReference(item["template"])
        job.shape = item["shape"]?.string
        job.webhookURL = item["webhook_url"]?.string
        job.traceParent = item["trace_parent"]?.string
        job.nodeCount = item["node_count"]?.int
        job.tier = (item["tier"]?.string).flatMap { Tier(rawValue: $0) }
        if let charge = item["charge"]?.map {
            job.charge = Job.Charge(
                day: try text(charge, "day"), images: try integer(charge, "images"),
                isReturned: charge["returned"]?.bool ?? false)
        }
        job.hasMetadata = item["has_metadata"]?.bool ?? false
        job.wantsPreviews = item["previews"]?.bool ?? false
        job.expiresAt = (item[TableDefinition.timeToLiveAttribute]?.int64)
            .map { Timestamp(milliseconds: $0 * 1000) }
        return job
    }

    private static func decodeRun(_ item: Item) -> Job.Run? {
        guard let token = item["token"]?.string, let worker = item["worker"]?.string,
            let slot = item["slot"]?.int
        else { return nil }
        return Job.Run(
            token: token, worker: worker, slot: slot, promptID: item["prompt_id"]?.string,
            clientID: item["client_id"]?.string)
    }

    private static func decodeAttempt(_ entry: AttributeValue) throws(DecodingError) -> Job.Attempt {
        let map = entry.map ?? [:]
        return Job.Attempt(
            part: map["part"]?.int, worker: try text(map, "worker"), startedAt: try time(map, "started_at"),
            endedAt: optionalTime(map, "ended_at"),
            error: (map["error"]?.string).flatMap(Job.Failure.Code.init))
    }

    static func decodeOutput(_ entry: AttributeValue) throws(DecodingError) -> Job.Output {
        let map = entry.map ?? [:]
        return Job.Output(
            index: try integer(map, "index"), nodeID: try text(map, "node"),
            kind: try value(map, "kind", Job.Output.Kind.init), filename: try text(map, "name"),
            contentType: try text(map, "type"), bytes: try integer(map, "bytes"),
            sha256: try text(map, "sha256"), width: map["width"]?.int, height: map["height"]?.int,
            key: try text(map, "key"))
    }

    private static func decodeFailure(_ entry: AttributeValue) throws(DecodingError) -> Job.Failure {
        let map = entry.map ?? [:]
        let details = (map["details"]?.string).flatMap { try? JSON(parsing: $0) }
        return Job.Failure(
            try value(map, "code", Job.Failure.Code.init), try text(map, "message"), details: details)
    }

    private static func text(_ item: Item, _ name: String) throws(DecodingError) -> String {
        guard let value = item[name]?.string else { throw DecodingError(attribute: name) }
        return value
    }

    private static func integer(_ item: Item, _ name: String) throws(DecodingError) -> Int {
        guard let value = item[name]?.int else { throw DecodingError(attribute: name) }
        return value
    }

    private static func value<T>(_ item: Item, _ name: String, _ make: (String) -> T?)
        throws(DecodingError) -> T
    {
        guard let value = make(try text(item, name)) else { throw DecodingError(attribute: name) }
        return value
    }

    private static func optionalTime(_ item: Item, _ name: String) -> Timestamp? {
        (item[name]?.int64).map { Timestamp(milliseconds: $0) }
    }

    private static func time(_ item: Item, _ name: String) throws(DecodingError) -> Timestamp {
        guard let value = optionalTime(item, name) else { throw DecodingError(attribute: name) }
        return value
    }
}
