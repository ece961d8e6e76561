import ComfyUI
import Crypto
import JSON
import Time

/// A request that passed every check and is no job yet.
struct JobDraft: Sendable {
    var graph: WorkflowGraph
    var options: JobOptions
    /// Pictures that it makes, which its user's day is charged with.
    var images = 1
    /// Pictures that came with it, which its graph names.
    var files: [InlineFile] = []
    /// The node whose output is the primary one.
    var primaryNode: String?
    var executionMode = Job.ExecutionMode.sequential
    /// The parts of `graph` that are run apart, which then consists of nothing else; empty when it is run as one.
    var parts: [WorkflowGraph] = []
    /// The node whose `seed` the job shows.
    var seedNode: String?
    /// The client gave no seed.
    var drawsSeed = false

    /// The workflow as it will be sent, and the job that runs it.
    func job(_ id: Job.ID, user: User, at now: Timestamp, policy: JobPolicy) -> (workflow: JSON, job: Job) {
        var graph = graph
        var job = Job(id: id, user: user.id, createdAt: now)
        job.dueAt = now + policy.attention
        if let seedNode {
            if drawsSeed { graph[seedNode]?.inputs["seed"] = .number(Self.seed(for: id)) }
            job.seed = graph[seedNode]?.inputs["seed"]?.uint64
        }
        job.priority = options.priority
        job.timeoutSeconds = options.timeoutSeconds
        job.executionMode = executionMode
        job.partNodes = parts.map(\.nodes.count)
        job.primaryNode = primaryNode
        job.workerLabels = options.workerLabels
        job.checkpoint = graph.checkpoint
        job.webhookURL = options.webhookURL
        job.hasMetadata = options.metadata != nil
        job.nodeCount = graph.nodes.count
        job.tier = user.tier
        return (graph.json, job)
    }

    /// All 64 bits, from the random ones of the job's id: whoever creates the job under the same id once more (a repeated
    /// request that races the first, or follows a crash in the middle of it) writes the same workflow.
    static func seed(for id: Job.ID) -> UInt64 {
        SHA256.hash(Array("seed".utf8) + id.uuid.bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
