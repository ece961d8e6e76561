import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// The workers' items: what every environment knows of the ComfyUI containers.
struct WorkerRegistry: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    private let directory: WorkerDirectory

    init(services: Services) {
        dynamoDB = services.store.dynamoDB
        table = services.configuration.table
        directory = services.directory
    }

    /// More than one table serves (`docs/scaling.md`): whatever writes more does not take a function's memory.
    static let maximum = 10_000

    /// Every recorded worker, configured here or not: what the API function sees.
    func recorded() async throws(AWSError) -> [Worker] { try await Self.recorded(in: table, dynamoDB) }

    /// Page by page, until there are `limit`.
    static func recorded(
        in table: String, _ dynamoDB: DynamoDB, limit: Int = maximum
    ) async throws(AWSError) -> [Worker] {
        var query = DynamoDB.Query(table: table, where: .equals("pk", .s("WORKERS")))
        query.consistent = true
        var workers: [Worker] = []
        for try await page in dynamoDB.pages(query) {
            workers += page.items.compactMap(decode).prefix(limit - workers.count)
            guard workers.count >= limit else { continue }
            Log.warn("no more workers are looked at", ["limit": .number(limit)])
            break
        }
        return workers
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
        // Also what a sick one has: a job waits for it rather than fail elsewhere.
        let checkpoints = Set(roster.listed.flatMap { $0.checkpoints ?? [] })
        for index in roster.listed.indices {
            guard let own = roster.listed[index].checkpoints else { continue }
            roster.listed[index].lacking = checkpoints.subtracting(own)
        }
        return roster
    }

    /// The listed workers with what is recorded of them.
    func workers() async throws(AWSError) -> [Worker] { try await roster().listed }

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

    /// It answered, and said how many prompts it has, and what it is when it was asked that too.
    func recordSuccess(
        of worker: Worker, queueLength: Int = 0, report: WorkerReport? = nil, at now: Timestamp
    ) async throws(AWSError) {
        var updates: [Update] = [
            .set("failures", .n(0)), .set("health", .s("ok")), .remove("left_out_until"),
            .remove("stuck_prompt"),
            .set("seen_at", .n(now.milliseconds)), .set("address", .s(worker.address.description)),
            .set("queue_length", .n(queueLength)), .set("from_dns", .bool(worker.isFromDNS)),
            worker.labels.isEmpty
                ? .remove("labels") : .set("labels", .l(worker.labels.map { .s($0) })),
            .set("slots", .n(worker.slots)),
        ]
        if let report { updates.append(.set("report", report.attribute)) }
        try await dynamoDB.update(key(worker), in: table, updates)
    }

    /// Which checkpoint is warm there now; nothing is written when it was so before.
    func recordCheckpoint(_ checkpoint: String, of worker: Worker) async throws(AWSError) {
        if checkpoint == worker.checkpoint { return }
        try await dynamoDB.update(key(worker), in: table, [.set("checkpoint", .s(checkpoint))])
    }

    /// From now on it gets no job, or from now on it does again. The worker as it is then; nil when there is none.
    func setDraining(_ isDraining: Bool, _ id: String, at now: Timestamp) async throws(AWSError) -> Worker? {
        let since = AttributePath(names: "draining_since")
        do {
            return try await dynamoDB.update(
                Self.key(id: id), in: table,
                [isDraining ? .setIfAbsent(since, .n(now.milliseconds)) : .remove(since)],
                condition: .exists("pk"), returning: .allNew
            ).flatMap(Self.decode)
        } catch  where error.code == .conditionalCheckFailed {
            return nil
        }
    }

    /// Whether it is to get no more jobs, as the table has it now.
    func isDraining(_ worker: Worker) async throws(AWSError) -> Bool {
        try await dynamoDB.get(
            key(worker), from: table, projection: [AttributePath(names: "draining_since")])?["draining_since"]
            != nil
    }

    /// A worker that is listed no more, and on which nothing runs, is forgotten. Its free slots go by themselves.
    func forget(_ worker: Worker) async throws(AWSError) {
        try await dynamoDB.delete(key(worker), from: table)
        try await forgetKnowledge(of: worker)
    }

    func key(_ worker: Worker) -> Item { Self.key(id: worker.id) }

    private static func key(id: String) -> Item { ["pk": .s("WORKERS"), "sk": .s("WORKER#\(id)")] }

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
        worker.modelsHash = item["models_hash"]?.string
        worker.checkpoints = item["checkpoints"]?.list?.compactMap(\.string)
        worker.report = WorkerReport(item["report"])
        worker.slots = max(1, item["slots"]?.int ?? 1)
        worker.drainingSince = (item["draining_since"]?.int64).map { Timestamp(milliseconds: $0) }
        worker.seenAt = (item["seen_at"]?.int64).map { Timestamp(milliseconds: $0) }
        return worker
    }
}
