import Telemetry

/// What the functions tell CloudWatch beside the runtime's own. A test holds this list, `docs/observability.md` and the dashboard together.
enum MetricName: String, Sendable, CaseIterable {
    // Of the API: by route and status, and by route.
    case requests = "Requests"
    case requestDuration = "RequestDuration"
    // Of jobs that ended: by state and tier, or by tier.
    case jobs = "Jobs"
    case queueWait = "QueueWait"
    case runDuration = "RunDuration"
    case gpuSeconds = "GPUSeconds"
    case cost = "Cost"
    // Of runs: by class of node.
    case nodeDuration = "NodeDuration"
    // Of the workers, each minute: by worker and GPU.
    case videoMemoryUsed = "VRAMUsed"
    case videoMemoryTotal = "VRAMTotal"
    // Of the sweep, each minute.
    case queuedJobs = "QueuedJobs"
    case runningJobs = "RunningJobs"
    case backlogPerWorker = "BacklogPerWorker"
    case oldestQueuedAge = "OldestQueuedAge"
    case workers = "Workers"
    case doorbellsRung = "DoorbellsRung"
    case runsResumed = "RunsResumed"
    case jobsAnnounced = "JobsAnnounced"
    case jobsExpired = "JobsExpired"
    case webhooksSent = "WebhooksSent"
    case jobsErased = "JobsErased"
    case accountsErased = "AccountsErased"
    case slotsFreed = "SlotsFreed"
}

extension Metrics {
    /// Adds a value of a metric of this list.
    static func add(
        _ name: MetricName, _ value: Double, _ unit: Unit, dimensions: [String: String] = [:]
    ) {
        add(name.rawValue, value, unit, dimensions: dimensions)
    }
}
