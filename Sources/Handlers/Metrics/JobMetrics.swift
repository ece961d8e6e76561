import Telemetry
import Time

/// What is told of a job that has ended.
struct JobMetrics: Sendable {
    let tallies: MetricTallies
    let costPerGPUSecond: Double?

    /// Counts it; for whoever announces it, once.
    func count(_ job: Job) {
        let tier = job.tier?.rawValue ?? "unknown"
        let state = job.state.rawValue
        Metrics.add(.jobs, 1, .count, dimensions: ["State": state, "Tier": tier])
        tallies.count(.executions, state, "\(job.band)", tier)
        guard let started = job.startedAt, let ended = job.completedAt else { return }
        Metrics.add(.queueWait, max(0, (started - job.createdAt) / .seconds(1)), .seconds)
        let run = max(0, (ended - started) / .seconds(1))
        Metrics.add(.runDuration, run, .seconds, dimensions: ["State": state])
        tallies.observe(.executionDuration, Self.complexity(job.nodeCount), value: run)
        let gpu = job.gpuTime(until: ended) / .seconds(1)
        Metrics.add(.gpuSeconds, gpu, .seconds, dimensions: ["Tier": tier])
        guard let costPerGPUSecond else { return }
        Metrics.add(.cost, gpu * costPerGPUSecond, .none, dimensions: ["Tier": tier])
        tallies.observe(.cost, "gpu", tier, value: gpu * costPerGPUSecond)
    }

    /// By the number of nodes.
    static func complexity(_ nodes: Int?) -> String {
        switch nodes {
        case nil: "unknown"
        case let nodes? where nodes <= 10: "simple"
        case let nodes? where nodes <= 30: "medium"
        default: "complex"
        }
    }
}

extension Job {
    /// How long its attempts, and those of its parts, held a GPU; one that has not ended counts until `end`.
    func gpuTime(until end: Timestamp) -> Duration {
        attempts.reduce(.zero) { $0 + max(.zero, ($1.endedAt ?? end) - $1.startedAt) }
    }
}
