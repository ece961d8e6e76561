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
    /// From `COMFYUI_URLS`, each with the labels of `COMFYUI_LABELS`.
    let configured: [Worker]

    /// A digest larger than this, unpacked, is none of ours.
    private static let digestLimit = 16 << 20

    init(_ dynamoDB: DynamoDB, configuration: Configuration) {
        self.dynamoDB = dynamoDB
        table = configuration.table
        configured = configuration.workers.map {
            Worker(address: $0, labels: configuration.workerLabels)
        }
    }

    /// Every recorded worker, configured here or not: what the API function sees.
    func recorded() async throws(AWSError) -> [Worker] { try await Self.recorded(in: table, dynamoDB) }

    static func recorded(in table: String, _ dynamoDB: DynamoDB) async throws(AWSError) -> [Worker] {
        var query = DynamoDB.Query(table: table, where: .equals("pk", .s("WORKERS")))
        query.consistent = true
        return try await dynamoDB.query(query).items.compactMap(decode)
    }

    /// The configured workers with what is recorded of them.
    func workers() async throws(AWSError) -> [Worker] {
        let known = try await recorded()
        return configured.map { worker in
            guard var found = known.first(where: { $0.id == worker.id }) else { return worker }
            found.labels = worker.labels
            return found
        }
    }

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
        ]
        if let stuck { updates.append(.set("stuck_prompt", .s(stuck))) }
        try await dynamoDB.update(key(worker), in: table, updates)
    }

    /// It answered.
    func recordSuccess(of worker: Worker, at now: Timestamp) async throws(AWSError) {
        var updates: [Update] = [
            .set("failures", .n(0)), .set("health", .s("ok")), .remove("left_out_until"),
            .remove("stuck_prompt"),
            .set("seen_at", .n(now.milliseconds)), .set("address", .s(worker.address.description)),
        ]
        if !worker.labels.isEmpty { updates.append(.set("labels", .l(worker.labels.map { .s($0) }))) }
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

    /// Which checkpoint is warm there now.
    func recordCheckpoint(_ checkpoint: String, of worker: Worker) async throws(AWSError) {
        try await dynamoDB.update(key(worker), in: table, [.set("checkpoint", .s(checkpoint))])
    }

    /// A worker that is no longer configured is forgotten.
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
        worker.failures = item["failures"]?.int ?? 0
        worker.leftOutUntil = (item["left_out_until"]?.int64).map { Timestamp(milliseconds: $0) }
        worker.stuckPrompt = item["stuck_prompt"]?.string
        worker.checkpoint = item["checkpoint"]?.string
        worker.digestHash = item["digest_hash"]?.string
        worker.seenAt = (item["seen_at"]?.int64).map { Timestamp(milliseconds: $0) }
        return worker
    }
}
