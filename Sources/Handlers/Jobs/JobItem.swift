import AWSClients
import Crypto
import JSON
import Time

/// A job as a DynamoDB item, and back. Times are milliseconds since 1970; sort keys are padded so that text order is time order.
enum JobItem {
    static let sortKey = "JOB"
    private static let partSortKey = "PART#"
    /// Of the item's layout: a reader that finds a newer one refuses it rather than misread it. 2 knows parts; all other jobs are
    /// still written as 1.
    static let schema = 2
    /// Among how many partitions the unfinished jobs are spread.
    static let openShards = 16
    /// Among how many partitions each band of the queue is spread.
    static let queueShards = 4

    /// `pk`/`sk` of the item of a job, or of a part, which stands in its job's partition.
    static func key(_ id: Job.ID) -> Item {
        ["pk": .s(partition(id)), "sk": .s(id.part.map { "\(partSortKey)\($0)" } ?? sortKey)]
    }

    private static let partitionPrefix = "JOB#"

    static func partition(_ id: Job.ID) -> String { "\(partitionPrefix)\(id.uuid)" }

    /// The job of a partition's name; nil when it is none's.
    static func id(inPartition name: String) -> Job.ID? {
        name.hasPrefix(partitionPrefix)
            ? UUID(String(name.dropFirst(partitionPrefix.count))).map { Job.ID($0) } : nil
    }

    /// Whose item this is, by the table's own key, which every index carries; nil when it is no job's and no part's.
    static func id(of item: Item) -> Job.ID? {
        guard let whole = (item["pk"]?.string).flatMap({ id(inPartition: $0) }), let name = item["sk"]?.string
        else { return nil }
        if name == sortKey { return whole }
        guard name.hasPrefix(partSortKey), let part = Int(name.dropFirst(partSortKey.count)) else {
            return nil
        }
        return Job.ID(whole.uuid, part: part)
    }

    static func queuePartition(_ band: Job.Band, shard: Int) -> String { "\(band)#\(shard)" }

    static func statusPartition(_ user: String, _ state: Job.State) -> String { "\(user)#\(state.rawValue)" }

    static func runningPartsPartition(_ user: String) -> String { "\(user)#running-part" }

    static func openPartition(shard: Int) -> String { "OPEN#\(shard)" }

    static func openPartition(of id: Job.ID) -> String { openPartition(shard: shard(id, of: openShards)) }

    /// Text whose order is the order of times.
    static func sortable(_ time: Timestamp) -> String {
        let digits = "\(max(0, time.milliseconds))"
        return String(repeating: "0", count: max(0, 15 - digits.count)) + digits
    }

    /// The last byte of a version 7 id is random: a shard by it is even.
    private static func shard(_ id: Job.ID, of count: Int) -> Int { Int(id.uuid.bytes[15]) % count }

    /// The whole item, index keys included: an index carries the job only while they are there.
    static func encode(_ job: Job) -> Item {
        var item = key(job.id)
        item["schema"] = .n(job.hasParts || job.id.part != nil ? 2 : 1)
        item["user"] = .s(job.user)
        item["state"] = .s(job.state.rawValue)
        item["version"] = .n(job.version)
        item["priority"] = .n(job.priority)
        item["created_at"] = .n(job.createdAt.milliseconds)
        item["queued_at"] = .n(job.queuedAt.milliseconds)
        item["started_at"] = time(job.startedAt)
        item["completed_at"] = time(job.completedAt)
        item["not_before"] = time(job.notBefore)
        item["cancel_requested_at"] = time(job.cancelRequestedAt)
        item["deleted_at"] = time(job.deletedAt)
        item["attempt"] = .n(job.attempt)
        item["timeout_seconds"] = .n(job.timeoutSeconds)
        item["execution_mode"] = .s(job.executionMode.rawValue)
        item["primary_node"] = job.primaryNode.map { .s($0) }
        item["checkpoint"] = job.checkpoint.map { .s($0) }
        item["webhook_url"] = job.webhookURL.map { .s($0) }
        item["seed"] = job.seed.map { .n($0) }
        item["template"] = job.template?.attribute
        item["shape"] = job.shape.map { .s($0) }
        if job.hasParts {
            item["part_nodes"] = .l(job.partNodes.map { .n($0) })
            item["part_count"] = .n(job.partNodes.count)
        }
        if job.hasMetadata { item["has_metadata"] = .bool(true) }
        if job.wantsPreviews { item["previews"] = .bool(true) }
        item["node_count"] = job.nodeCount.map { .n($0) }
        item["trace_parent"] = job.traceParent.map { .s($0) }
        item["tier"] = job.tier.map { .s($0.rawValue) }
        item["charge"] = job.charge.map(encode)
        if !job.workerLabels.isEmpty { item["worker_labels"] = .l(job.workerLabels.map { .s($0) }) }
        if job.notificationPending { item["notification_pending"] = .bool(true) }
        if let run = job.run { item.merge(encode(run)) { $1 } }
        if !job.attempts.isEmpty { item["attempts"] = .l(job.attempts.map(encode)) }
        item["last_worker"] = job.attempts.last.map { .s($0.worker) }
        if !job.outputs.isEmpty {
            item["outputs"] = .l(job.outputs.map(encode))
            item["output_count"] = .n(job.outputs.count)
        }
        item["error"] = job.failure.map(encode)
        if let expiresAt = job.expiresAt { item[TableDefinition.timeToLiveAttribute] = .n(expiresAt.seconds) }

        if job.id.part == nil, job.deletedAt == nil {
            item["user_pk"] = .s(job.user)
            item["user_sk"] = .s("\(job.id)")
            item["user_status_pk"] = .s(statusPartition(job.user, job.state))
            item["user_status_sk"] = .s("\(job.id)")
        } else if job.state == .running {
            // No list shows a part; it is counted against its user's limit.
            item["user_status_pk"] = .s(runningPartsPartition(job.user))
            item["user_status_sk"] = .s("\(job.id)")
        }
        if job.state == .queued, !job.hasParts {
            item["queue_pk"] = .s(queuePartition(job.band, shard: shard(job.id, of: queueShards)))
            item["queue_sk"] = .s("\(sortable(job.queuedAt))#\(job.id)")
        }
        if let dueAt = job.dueAt {
            item["open_pk"] = .s(openPartition(of: job.id))
            item["open_sk"] = .s(sortable(dueAt))
        }
        return item
    }

    private static func time(_ value: Timestamp?) -> AttributeValue? {
        value.map { .n($0.milliseconds) }
    }

    private static func encode(_ run: Job.Run) -> Item {
        var item: Item = ["token": .s(run.token), "worker": .s(run.worker), "slot": .n(run.slot)]
        item["prompt_id"] = run.promptID.map { .s($0) }
        item["client_id"] = run.clientID.map { .s($0) }
        return item
    }

    private static func encode(_ attempt: Job.Attempt) -> AttributeValue {
        var map: Item = ["worker": .s(attempt.worker), "started_at": .n(attempt.startedAt.milliseconds)]
        map["part"] = attempt.part.map { .n($0) }
        map["ended_at"] = time(attempt.endedAt)
        map["error"] = attempt.error.map { .s($0.rawValue) }
        return .m(map)
    }

    static func encode(_ output: Job.Output) -> AttributeValue {
        var map: Item = [
            "index": .n(output.index), "node": .s(output.nodeID), "kind": .s(output.kind.rawValue),
            "name": .s(output.filename), "type": .s(output.contentType), "bytes": .n(output.bytes),
            "sha256": .s(output.sha256), "key": .s(output.key),
        ]
        map["width"] = output.width.map { .n($0) }
        map["height"] = output.height.map { .n($0) }
        return .m(map)
    }

    private static func encode(_ charge: Job.Charge) -> AttributeValue {
        var map: Item = ["day": .s(charge.day), "images": .n(charge.images)]
        if charge.isReturned { map["returned"] = .bool(true) }
        return .m(map)
    }

    private static func encode(_ failure: Job.Failure) -> AttributeValue {
        var map: Item = ["code": .s(failure.code.rawValue), "message": .s(failure.message)]
        map["details"] = failure.details.map { .s($0.text) }
        return .m(map)
    }
}
