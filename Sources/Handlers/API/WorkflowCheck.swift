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

    /// Every fault of every node.
    func faults(in graph: WorkflowGraph) async -> [WorkflowFault] {
        rules.faults(in: graph, objectInfo: await objectInfo())
    }
}

extension APIError {
    /// All faults of a workflow at once.
    static func workflow(_ faults: [WorkflowFault]) -> APIError {
        let message =
            faults.count == 1
            ? faults[0].message : "The workflow has \(faults.count) faults; see details.errors."
        return APIError(.invalidWorkflow, message, details: details(faults.map(\.json)))
    }
}
