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
    /// What names how long it should take; nil before it is known.
    var shape: String?
    /// The node whose output is the primary one.
    var primaryNode: String?
    var executionMode = Job.ExecutionMode.sequential
    /// The parts of `graph` that are run apart, which then consists of nothing else; empty when it is run as one.
    var parts: [WorkflowGraph] = []
    /// What the graph was made from; nil when it was sent.
    var template: TemplateReference?
    /// The input whose seed the job shows.
    var shownSeed: Template.InputPlace?
    /// Where a seed goes that the client did not give.
    var drawnSeeds: [Template.InputPlace] = []
    var drawsSeed: Bool { !drawnSeeds.isEmpty }

    /// The workflow as it will be sent, and the job that runs it.
    func job(_ id: Job.ID, user: User, at now: Timestamp, policy: JobPolicy) -> (workflow: JSON, job: Job) {
        var graph = graph
        var job = Job(id: id, user: user.id, createdAt: now)
        job.dueAt = now + policy.attention
        for place in drawnSeeds { graph[place.node]?.inputs[place.input] = .number(Self.seed(for: id)) }
        if let shownSeed { job.seed = graph[shownSeed.node]?.inputs[shownSeed.input]?.uint64 }
        job.priority = options.priority
        job.timeoutSeconds = options.timeoutSeconds
        job.executionMode = executionMode
        job.partNodes = parts.map(\.nodes.count)
        job.primaryNode = primaryNode
        job.workerLabels = options.workerLabels
        job.checkpoint = graph.checkpoint
        job.shape = shape
        job.template = template
        job.webhookURL = options.webhookURL
        job.hasMetadata = options.metadata != nil
        job.wantsPreviews = options.previews
        job.nodeCount = graph.nodes.count
        job.tier = user.tier
        return (graph.json, job)
    }

    /// All 64 bits, from the random ones of the job's id: whoever creates the job under the same id once more (a repeated
    /// request that races the first, or follows a crash in the middle of it) writes the same workflow.
    static func seed(for id: Job.ID) -> UInt64 {
        SHA256.hash(Array("seed".utf8) + id.uuid.bytes).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Runs its independent parts apart, if it may and there are some.
    mutating func split(_ catalog: NodeCatalog) {
        let found = executionMode == .parallel ? graph.independentParts(catalog) : []
        guard found.count > 1 else { return }
        parts = found
        graph = WorkflowGraph(nodes: found.flatMap(\.nodes))
    }
}

extension WorkflowGraph {
    /// What forbids to run its parts apart.
    func partFaults(_ catalog: NodeCatalog) -> [WorkflowFault] {
        let parts = independentParts(catalog).count
        if parts <= Job.maximumParts { return [] }
        return [
            WorkflowFault(
                code: "too_many_parts",
                message: "The workflow has \(parts) independent parts; at most "
                    + "\(Job.maximumParts) of one job run in parallel.")
        ]
    }
}

extension WorkflowFault {
    static func notAnOutput(_ node: String) -> WorkflowFault {
        WorkflowFault(
            nodeID: node, code: "not_an_output", message: "'node_id' names no output node of the workflow.")
    }
}
