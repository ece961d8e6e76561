import ComfyUI
import HTTP
import JSON

/// The rules that every graph is held against before it becomes a job, and what is known of the workers.
struct WorkflowCheck: Sendable {
    let rules: WorkflowRules
    let objectInfo: @Sendable () async -> ObjectInfoDigest?

    /// `objectInfo` is what the sweep stored of the workers' own lists; nil while there is none. No worker is ever called here.
    init(_ configuration: Configuration, objectInfo: @escaping @Sendable () async -> ObjectInfoDigest?) {
        var rules = WorkflowRules(allowedNodeTypes: configuration.allowedNodeTypes)
        rules.maximumNodes = configuration.maximumNodes
        rules.maximumImagePixels = configuration.maximumImagePixels
        self.rules = rules
        self.objectInfo = objectInfo
    }

    /// The graph of what a user sent, in any accepted format, with the overrides set; throws every fault at once.
    func validate(_ workflow: JSON, overrides: JSON.Object) async throws(WorkflowFaults) -> WorkflowGraph {
        try rules.validate(workflow, overrides: overrides, objectInfo: await objectInfo())
    }

    /// Every fault of a graph made here.
    func faults(in graph: WorkflowGraph) async -> [WorkflowFault] {
        rules.faults(in: graph, objectInfo: await objectInfo())
    }
}

extension APIError {
    /// All faults of a workflow at once.
    static func workflow(_ faults: WorkflowFaults) -> APIError {
        let list = faults.faults
        let message =
            list.count == 1
            ? list[0].message : "The workflow has \(list.count) faults; see details.errors."
        return APIError(
            .invalidWorkflow, message, details: ["errors": .array(list.map(\.json))])
    }
}
