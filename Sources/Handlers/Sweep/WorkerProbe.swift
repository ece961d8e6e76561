import AWSClients
import ComfyUI
import HTTP
import JSON
import Telemetry
import Time

/// Refreshes what is known of the workers, so that the API function never has to call one.
struct WorkerProbe: Sendable {
    let services: Services
    let registry: WorkerRegistry
    let slots: SlotPool

    /// Between the tries for one worker.
    private static let pause: Duration = .milliseconds(500)
    /// How long a worker may take to say what it has to do.
    private static let answerLimit: Duration = .seconds(10)

    /// Probes every listed worker, all at once, and forgets those that are listed no more once nothing runs there.
    ///
    func refresh(until deadline: Timestamp) async throws(AWSError) -> Findings {
        let roster = try await registry.roster()
        for worker in roster.removed where try await !slots.areHeld(on: worker) {
            try await registry.forget(worker)
        }
        let perTry = max(
            .milliseconds(100),
            min(Self.answerLimit, (deadline - .now - .seconds(1)) / Worker.patience - Self.pause))
        return await withTaskGroup(of: Probed.self) { group in
            for worker in roster.listed { group.addTask { await probe(worker, perTry) } }
            return await group.reduce(into: Findings()) { findings, one in
                findings.alive += one.alive ? 1 : 0
                findings.recovered = findings.recovered || one.recovered
                findings.memory += one.memory
            }
        }
    }

    /// What all workers came to.
    struct Findings: Sendable {
        /// How many answered.
        var alive = 0
        /// One of them is new or had been ill: queued jobs may start again.
        var recovered = false
        var memory: [MetricGauges.Memory] = []
    }

    private typealias Probed = (alive: Bool, recovered: Bool, memory: [MetricGauges.Memory])

    private func probe(_ worker: Worker, _ perTry: Duration) async -> Probed {
        let loop = services.http.loop
        let client = services.client(of: worker)
        let stats: JSON?
        do {
            if worker.isOnTrial, try await !registry.beginTrial(of: worker, at: services.now) {
                return (!worker.isDead, false, [])
            }
            var queueLength = 0
            for tried in 1...Worker.patience {
                do {
                    let queue = try await withDeadline(perTry, on: loop) { try await client.queue() }
                    if let prompt = worker.stuckPrompt, queue.running.contains(prompt) {
                        Log.warn(
                            "worker still runs a prompt that it was told to stop",
                            ["worker": .string(worker.id)])
                        try await registry.recordFailure(of: worker, at: services.now)
                        return (false, false, [])
                    }
                    queueLength = queue.running.count + queue.pending.count
                    break
                } catch {
                    if tried == Worker.patience {
                        Log.warn(
                            "worker does not answer",
                            ["worker": .string(worker.id), "error": .string("\(error)")])
                        let count = max(1, Worker.patience - worker.failures)
                        try await registry.recordFailure(of: worker, count: count, at: services.now)
                        return (false, false, [])
                    }
                    try await loop.sleep(for: Self.pause)
                }
            }
            stats = await systemStats(of: worker, perTry)
            try await registry.recordSuccess(
                of: worker, queueLength: queueLength, report: stats.map(WorkerReport.init(systemStats:)),
                at: services.now)
        } catch {
            Log.warn(
                "worker not refreshed",
                ["worker": .string(worker.id), "error": .string("\(error)")])
            return (false, false, [])
        }
        do {
            try await registry.record(try await client.objectInfo(), of: worker)
        } catch {
            Log.warn(
                "the worker's nodes are not recorded",
                ["worker": .string(worker.id), "error": .string("\(error)")])
        }
        do {
            let models = try await withDeadline(Self.answerLimit, on: loop) {
                try await WorkerModels.read(client)
            }
            try await registry.record(models, of: worker)
        } catch {
            Log.warn(
                "the worker's models are not recorded",
                ["worker": .string(worker.id), "error": .string("\(error)")])
        }
        // Jobs may have waited for one that is new, too.
        let memory = stats.map { MetricGauges.Memory.read($0, of: worker.id) } ?? []
        return (true, worker.isOnTrial || worker.seenAt == nil, memory)
    }

    /// nil when it does not say: it has just told its queue, so that it is none the worse for that.
    private func systemStats(of worker: Worker, _ limit: Duration) async -> JSON? {
        let client = services.client(of: worker)
        do {
            return try await withDeadline(limit, on: services.http.loop) { try await client.systemStats() }
        } catch {
            Log.debug(
                "worker does not tell of its memory",
                ["worker": .string(worker.id), "error": .string("\(error)")])
            return nil
        }
    }
}
