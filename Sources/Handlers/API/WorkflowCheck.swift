import ComfyUI
import HTTP
import JSON
import Synchronization

/// The rules that every graph is held against before it becomes a job, and what is known of the workers.
struct WorkflowCheck: Sendable {
    let objectInfo: @Sendable () async -> ObjectInfoDigest?
    private let lazyRules: LazyRules

    /// `objectInfo` is what the sweep stored of the workers' own lists; nil while there is none. No worker is ever called here.
    init(_ configuration: Configuration, objectInfo: @escaping @Sendable () async -> ObjectInfoDigest?) {
        lazyRules = LazyRules(configuration)
        self.objectInfo = objectInfo
    }

    /// The rules of this deployment.
    var rules: WorkflowRules { lazyRules.rules }

    /// Makes the rules when the first workflow comes: reading the node catalog takes as long as the rest of a start, and
    /// most of what an environment answers has no workflow.
    private final class LazyRules: Sendable {
        private let configuration: Configuration
        private let made = Mutex<WorkflowRules?>(nil)

        init(_ configuration: Configuration) { self.configuration = configuration }

        var rules: WorkflowRules {
            made.withLock { made in
                if let made { return made }
                var rules = WorkflowRules(allowedNodeTypes: configuration.allowedNodeTypes)
                rules.maximumNodes = configuration.maximumNodes
                rules.maximumImagePixels = configuration.maximumImagePixels
                made = rules
                return rules
            }
        }
    }

    /// A graph in which nothing is wrong, and the pictures that came inside it.
    struct Checked: Sendable {
        var graph: WorkflowGraph
        var files: [InlineFile]
    }

    /// The graph of what a user sent, in any accepted format, with the overrides set and its inputs looked up as that user;
    /// throws every fault at once, as `WorkflowFaults`.
    func validate(_ workflow: JSON, overrides: JSON.Object, _ inputs: InputResolver) async throws -> Checked {
        let (graph, faults) = try rules.read(workflow, overrides: overrides)
        let resolved = try await inputs.resolve(graph, rules.catalog)
        let all =
            faults + resolved.faults
            + rules.faults(in: resolved.graph, uploads: resolved.known, objectInfo: await objectInfo())
        guard all.isEmpty else { throw WorkflowFaults(all) }
        return Checked(graph: resolved.graph, files: resolved.inline)
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
