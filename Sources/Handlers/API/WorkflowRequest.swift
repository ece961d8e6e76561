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

    static var fields: [FieldDescription] {
        [
            FieldDescription(Fields.workflow, "A graph in one of the formats of docs/workflows.md."),
            FieldDescription(
                Fields.nodeID,
                "The output node whose picture is the primary one; absent: the first output node."),
            FieldDescription(
                Fields.executionMode, "Whether independent parts may run apart.", default: "sequential"),
        ] + JobOptions.fields
    }

    init(_ reader: inout FieldReader) {
        workflow = reader.read(Fields.workflow)
        primaryNode = reader.read(Fields.nodeID)
        executionMode = reader.read(Fields.executionMode)
        options = JobOptions(&reader)
    }

    /// The graph, its overrides set and everything checked.
    func checked(_ check: WorkflowCheck, _ inputs: InputResolver) async throws -> WorkflowCheck.Checked {
        let checked = try await check.validate(workflow, overrides: options.overrides, inputs)
        let graph = checked.graph
        if let primaryNode, !graph.outputNodes(check.rules.catalog).contains(primaryNode) {
            throw WorkflowFaults([.notAnOutput(primaryNode)])
        }
        if executionMode == .parallel {
            let faults = graph.partFaults(check.rules.catalog)
            guard faults.isEmpty else { throw WorkflowFaults(faults) }
        }
        return checked
    }

    /// The job to be.
    func draft(_ check: WorkflowCheck, _ inputs: InputResolver) async throws -> JobDraft {
        do {
            return draft(of: try await checked(check, inputs), check.rules.catalog)
        } catch let faults as WorkflowFaults {
            throw APIError.workflow(faults)
        }
    }

    /// The job to be of what `checked` gave.
    func draft(of checked: WorkflowCheck.Checked, _ catalog: NodeCatalog) -> JobDraft {
        let graph = checked.graph
        var draft = JobDraft(
            graph: graph, options: options, primaryNode: primaryNode ?? graph.outputNodes(catalog).first,
            executionMode: executionMode)
        draft.files = checked.files
        draft.split(catalog)
        return draft
    }
}
