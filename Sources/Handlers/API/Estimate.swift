import JSON
import Telemetry
import Time

/// When a job should start and how long it should run; nil is not known.
struct Estimate: Sendable, Hashable {
    var startsAt: Timestamp?
    var duration: Duration?

    static let unknown = Estimate()

    /// The members that a job and a validation have of it.
    var members: JSON.Object {
        [
            "estimated_start_at": startsAt.map { .string($0.rfc3339) } ?? .null,
            "estimated_seconds": duration.flatMap { JSON.Number(Double($0.milliseconds) / 1000) }
                .map { .number($0) } ?? .null,
        ]
    }

    /// `mean` is how long such jobs take, `ahead` how many jobs go first (nil: too many to count), `slots` are those of the
    /// workers that take jobs, of which `idle` were free when the workers were last asked.
    ///
    /// The jobs ahead are taken to run as long as this one: nothing is known of each, and what the queue is full of
    /// is mostly of one kind.
    init(mean: Duration?, ahead: Int?, slots: Int, idle: Int, at now: Timestamp) {
        guard let mean else { return }
        duration = mean
        guard let ahead, slots > 0 else { return }
        // A slot comes free each `mean / slots` on average.
        let waits = max(0, ahead + 1 - idle)
        startsAt = now + .milliseconds(mean.milliseconds * Int64(waits) / Int64(slots))
    }

    init() {}
}

/// Reckons estimates from what the table knows.
struct Estimator: Sendable {
    let services: Services

    /// A queued job's; `position` is its place in the queue.
    func estimate(of job: Job, position: Int?) async -> Estimate {
        guard let shape = job.shape else { return .unknown }
        return await estimate(shape) { position.map { $0 - 1 } }
    }

    /// Of a job that would be queued now.
    func estimate(of draft: JobDraft) async -> Estimate {
        guard let shape = draft.shape else { return .unknown }
        return await estimate(shape) {
            await services.store.queueDepth(from: Job.Band(priority: draft.options.priority))
        }
    }

    private func estimate(_ shape: String, ahead: () async -> Int?) async -> Estimate {
        do {
            guard let mean = try await services.runTimes.mean(of: shape) else { return .unknown }
            let now = services.now
            let workers = try await WorkerRegistry(services: services).recorded()
                .filter { $0.isUsable(at: now) }
            return Estimate(
                mean: mean, ahead: await ahead(), slots: workers.reduce(0) { $0 + $1.slots },
                idle: workers.reduce(0) { $0 + max(0, $1.slots - $1.queueLength) }, at: now)
        } catch {
            // Nobody's request fails for want of an estimate.
            Log.warn("no estimate", ["error": .string("\(error)")])
            return .unknown
        }
    }
}
