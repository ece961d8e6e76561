import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Time

/// The workers' items: what every environment knows of the ComfyUI containers.
struct WorkerRegistry: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    private let directory: WorkerDirectory

    /// A digest larger than this, unpacked, is none of ours.
    private static let digestLimit = 16 << 20

    init(services: Services) {
        dynamoDB = services.store.dynamoDB
        table = services.configuration.table
        directory = services.directory
    }

    /// Every recorded worker, configured here or not: what the API function sees.
    func recorded() async throws(AWSError) -> [Worker] { try await Self.recorded(in: table, dynamoDB) }

    static func recorded(in table: String, _ dynamoDB: DynamoDB) async throws(AWSError) -> [Worker] {
        var query = DynamoDB.Query(table: table, where: .equals("pk", .s("WORKERS")))
        query.consistent = true
        return try await dynamoDB.query(query).items.compactMap(decode)
    }

    /// The workers of the configuration and of the table.
    struct Roster: Sendable {
        /// Those that jobs may be sent to, with what is recorded of them.
        var listed: [Worker]
        /// Recorded, but listed no more: jobs that still run there are watched to their end, and no other is sent.
        var removed: [Worker]
    }

    /// Who is there, and what is known of them.
    func roster() async throws(AWSError) -> Roster {
        let listing = await directory.listing()
        var unlisted = Dictionary(try await recorded().map { ($0.id, $0) }) { first, _ in first }
        var roster = Roster(listed: [], removed: [])
        for worker in listing.workers {
            roster.listed.append(unlisted.removeValue(forKey: worker.id).map(worker.with) ?? worker)
        }
        for worker in unlisted.values.sorted(by: { $0.id < $1.id }) {
            let known = directory.unlisted(worker)
            if !listing.isComplete, worker.isFromDNS {
                roster.listed.append(known)
            } else {
                roster.removed.append(known)
            }
        }
        return roster
    }

    /// The listed workers with what is recorded of them.
    func workers() async throws(AWSError) -> [Worker] { try await roster().listed }

    /// The digest of `/object_info` that a local check may use: of a worker that is alive.
    func digest() async throws(AWSError) -> ObjectInfoDigest? {
        for worker in try await recorded() where !worker.isDead && worker.digestHash != nil {
            let item = try await dynamoDB.get(digestKey(worker), from: table)
            if let bytes = item?["gzip"]?.bytes,
                let plain = Gzip.decompress(bytes, limit: Self.digestLimit),
                let json = try? JSON(parsing: plain)
            {
                return ObjectInfoDigest(serialized: json)
            }
        }
        return nil
    }

    /// How long a trial may take before another process may begin one.
    private static let trialTime: Duration = .seconds(40)

    /// The right to try a worker that failed: of all processes that read it like this, one has it. False too while it is left out.
    func beginTrial(of worker: Worker, at now: Timestamp) async throws(AWSError) -> Bool {
        if let end = worker.leftOutUntil, end > now { return false }
        let asRead: Condition =
            worker.leftOutUntil.map { .equals("left_out_until", .n($0.milliseconds)) }
            ?? .notExists("left_out_until")
        do {
            try await dynamoDB.update(
                key(worker), in: table,
                [.set("left_out_until", .n((now + Self.trialTime).milliseconds))], condition: asRead)
            return true
        } catch  where error.code == .conditionalCheckFailed {
            return false
        }
    }

    /// An unanswered probe or a lost connection; `stuck` is a prompt that the worker does not let go of.
    func recordFailure(of worker: Worker, count: Int = 1, stuck: String? = nil, at now: Timestamp)
        async throws(AWSError)
    {
        let pause = Worker.pause(afterFailures: worker.failures + count)
        var updates: [Update] = [
            .add("failures", .n(count)),
            .set("left_out_until", .n((now + pause).milliseconds)),
            .set("address", .s(worker.address.description)),
            .set("health", .s(worker.failures + count >= Worker.patience ? "dead" : "ok")),
            .set("from_dns", .bool(worker.isFromDNS)),
        ]
        if let stuck { updates.append(.set("stuck_prompt", .s(stuck))) }
        try await dynamoDB.update(key(worker), in: table, updates)
    }

    /// It answered, and said how many prompts it has.
    func recordSuccess(of worker: Worker, queueLength: Int = 0, at now: Timestamp) async throws(AWSError) {
        let updates: [Update] = [
            .set("failures", .n(0)), .set("health", .s("ok")), .remove("left_out_until"),
            .remove("stuck_prompt"),
            .set("seen_at", .n(now.milliseconds)), .set("address", .s(worker.address.description)),
            .set("queue_length", .n(queueLength)), .set("from_dns", .bool(worker.isFromDNS)),
            worker.labels.isEmpty
                ? .remove("labels") : .set("labels", .l(worker.labels.map { .s($0) })),
        ]
        try await dynamoDB.update(key(worker), in: table, updates)
    }

    /// Stores what the worker's `/object_info` says, unless it is what is stored already. An item of its own,
    /// because whoever lists the workers does not want it.
    func record(_ objectInfo: JSON, of worker: Worker) async throws(AWSError) {
        let digest = ObjectInfoDigest(objectInfo: objectInfo).serialized.serialized()
        let hash = Hex.encode(SHA256.hash(digest))
        if hash == worker.digestHash { return }
        var item = digestKey(worker)
        item["gzip"] = .b(Gzip.compress(digest))
        try await dynamoDB.put(item, into: table)
        try await dynamoDB.update(key(worker), in: table, [.set("digest_hash", .s(hash))])
    }

    /// Which checkpoint is warm there now; nothing is written when it was so before.
    func recordCheckpoint(_ checkpoint: String, of worker: Worker) async throws(AWSError) {
        if checkpoint == worker.checkpoint { return }
        try await dynamoDB.update(key(worker), in: table, [.set("checkpoint", .s(checkpoint))])
    }

    /// A worker that is listed no more, and on which nothing runs, is forgotten. Its free slots go by themselves.
    func forget(_ worker: Worker) async throws(AWSError) {
        try await dynamoDB.delete(key(worker), from: table)
        try await dynamoDB.delete(digestKey(worker), from: table)
    }

    private func key(_ worker: Worker) -> Item { ["pk": .s("WORKERS"), "sk": .s("WORKER#\(worker.id)")] }

    private func digestKey(_ worker: Worker) -> Item {
        ["pk": .s("WORKER#\(worker.id)"), "sk": .s("DIGEST")]
    }

    private static func decode(_ item: Item) -> Worker? {
        guard let address = (item["address"]?.string).flatMap({ URL($0) }) else { return nil }
        var worker = Worker(address: address)
        worker.labels = (item["labels"]?.list ?? []).compactMap(\.string)
        worker.isFromDNS = item["from_dns"]?.bool ?? false
        worker.queueLength = item["queue_length"]?.int ?? 0
        worker.failures = item["failures"]?.int ?? 0
        worker.leftOutUntil = (item["left_out_until"]?.int64).map { Timestamp(milliseconds: $0) }
        worker.stuckPrompt = item["stuck_prompt"]?.string
        worker.checkpoint = item["checkpoint"]?.string
        worker.digestHash = item["digest_hash"]?.string
        worker.seenAt = (item["seen_at"]?.int64).map { Timestamp(milliseconds: $0) }
        return worker
    }
}
