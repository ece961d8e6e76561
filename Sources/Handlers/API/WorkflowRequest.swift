import ComfyUI
import JSON

/// The fields of `POST /v1/workflows/execute`, and of `validate`, which takes the same.
struct WorkflowRequest: Sendable {
    let workflow: JSON
    let primaryNode: String?
    let executionMode: Job.ExecutionMode
    let options: JobOptions

    private enum Fields {
        static let workflow = Field(required: "workflow", .any)
        static let nodeID = Field<String?>(optional: "node_id", .text(1...64))
        static let executionMode = Field(
            "execution_mode", .choice(Job.ExecutionMode.sequential), default: .sequential)
    }

    init(_ reader: inout FieldReader) {
        workflow = reader.read(Fields.workflow)
        primaryNode = reader.read(Fields.nodeID)
        executionMode = reader.read(Fields.executionMode)
        options = JobOptions(&reader)
    }

    /// What a check found: the graph as far as one could be made, and everything wrong with it.
    struct Checked: Sendable {
        var graph: WorkflowGraph?
        var outputs: [String] = []
        var faults: [WorkflowFault] = []
    }

    /// Normalises, applies the overrides, and holds the graph against the rules.
    func checked(_ check: WorkflowCheck) async -> Checked {
        var result = Checked()
        do {
            var graph = try WorkflowGraph(normalizing: workflow)
            result.graph = graph
            try graph.apply(overrides: options.overrides)
            result.graph = graph
            result.outputs = graph.outputNodes(check.rules.catalog)
            result.faults = await check.faults(in: graph)
            if let primaryNode, !result.outputs.contains(primaryNode) {
                result.faults.append(
                    WorkflowFault(
                        nodeID: primaryNode, code: "not_an_output",
                        message: "node_id '\(primaryNode)' names no output node of the workflow."))
            }
        } catch {
            result.faults = error.faults
        }
        return result
    }

    /// The job to be.
    func draft(_ check: WorkflowCheck) async throws(APIError) -> JobDraft {
        let checked = await checked(check)
        guard let graph = checked.graph, checked.faults.isEmpty else { throw .workflow(checked.faults) }
        return JobDraft(
            graph: graph, options: options, primaryNode: primaryNode ?? checked.outputs.first,
            executionMode: executionMode)
    }
}
