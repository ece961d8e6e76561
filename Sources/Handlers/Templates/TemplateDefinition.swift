import ComfyUI
import JSON

/// A template as somebody wrote it: the body of `POST /v1/workflows`, which is also what is stored.
struct TemplateDefinition: Sendable {
    /// Who may see and run it.
    enum Visibility: String, Sendable, CaseIterable {
        /// Its owner.
        case `private`
        /// Everybody in this deployment.
        case `public`
    }

    let name: String
    let summary: String
    let visibility: Visibility
    let template: Template

    private static let maximumParameters = 64

    enum Fields {
        static let name = Field(required: "name", .text(1...100))
        static let summary = Field("description", FieldType<String>.text(0...2000), default: "")
        static let visibility = Field("visibility", .choice(Visibility.private), default: .private)
        static let workflow = Field(required: "workflow", FieldType<JSON>.any)
        static let parameters = Field("parameters", .parameters, default: [:])
        static let nodeID = Field<String?>(optional: "node_id", .text(1...64))
    }

    static var fields: [FieldDescription] {
        [
            FieldDescription(Fields.name, "What people call it."),
            FieldDescription(Fields.summary, "What it does.", default: ""),
            FieldDescription(
                Fields.visibility, "private: you alone see and run it; public: everybody here does.",
                default: "private"),
            FieldDescription(
                Fields.workflow,
                "A graph in one of the formats of docs/workflows.md, in which {{name}} stands for a parameter."
            ),
            FieldDescription(Fields.parameters, "By name; at most 64.", default: [:]),
            FieldDescription(
                Fields.nodeID,
                "The output node whose picture is the primary one; absent: the first output node."),
        ]
    }

    /// Reads all fields; throws every fault of them, or of the graph, or of how the two fit together.
    static func read(_ reader: inout FieldReader) throws(APIError) -> TemplateDefinition {
        let name = reader.read(Fields.name)
        let summary = reader.read(Fields.summary)
        let visibility = reader.read(Fields.visibility)
        let workflow = reader.read(Fields.workflow)
        let nodeID = reader.read(Fields.nodeID)
        var parameters: [TemplateParameter] = []
        let definitions = reader.read(Fields.parameters)
        if definitions.count > maximumParameters {
            reader.refuse(
                "parameters", .tooLong, "'parameters' must have at most \(maximumParameters) members.")
        }
        for (parameter, definition) in definitions.prefix(maximumParameters) {
            var nested = FieldReader(
                definition.object ?? [:], prefix: "parameters.\(parameter.prefix(64)).")
            parameters.append(TemplateParameter(parameter, &nested))
            reader.absorb(nested)
        }
        try reader.finish()
        let graph: WorkflowGraph
        do {
            graph = try WorkflowGraph(normalizing: workflow)
        } catch {
            throw .workflow(error)
        }
        var faults: [FieldFault] = []
        let template = Template(graph, parameters, primaryNode: nodeID, &faults)
        if !faults.isEmpty { throw .validation(faults) }
        return TemplateDefinition(
            name: name, summary: summary, visibility: visibility, template: template)
    }

    /// What `read` reads: the graph in ComfyUI's own format.
    var json: JSON.Object {
        var json: JSON.Object = [
            "name": .string(name), "description": .string(summary),
            "visibility": .string(visibility.rawValue), "workflow": template.graph.json,
            "parameters": .object(JSON.Object(template.parameters.map { ($0.name, $0.json) })),
        ]
        json["node_id"] = template.primaryNode.map { .string($0) }
        return json
    }
}

extension FieldType where Value == JSON.Object {
    /// Definitions of parameters by name; what stands in one is read apart.
    fileprivate static let parameters = Self(
        blank: [:],
        schema: [
            "type": "object", "propertyNames": ["pattern": "^[a-z][a-z0-9_]{0,63}$"],
            "additionalProperties": Schema.fields(TemplateParameter.fields),
        ]
    ) { json throws(Refusal) in
        guard let members = json.object, members.values.allSatisfy({ $0.object != nil }) else {
            throw Refusal(.wrongType, "must be an object of objects")
        }
        return members
    }
}
