import JSON

extension RouteDescription {
    static var listTemplates: RouteDescription {
        RouteDescription(
            summary: "Stored workflows", details: "Oldest first, without what is in them.", tag: .workflows,
            query: TemplateRoutes.listQuery,
            answers: [
                Answer(
                    status: 200, summary: "A page.",
                    content: Content(
                        schema: Schema.object([
                            "workflows": Schema.list(of: Schema.object(summaryMembers)),
                            "next_cursor": Schema.nullable(Schema.text),
                        ])))
            ])
    }

    static var createTemplate: RouteDescription {
        RouteDescription(
            summary: "Store a workflow with named parameters",
            details: """
                A text that is `{{name}}` alone stands for the parameter's value with its own type; among other words for its text. Values are \
                put into parsed inputs: none can become a node or a link.
                """,
            tag: .workflows, body: TemplateDefinition.fields, bodyExamples: [("template", templateExample)],
            answers: [
                Answer(
                    status: 201, summary: "It is stored, as version 1.",
                    content: Content(schema: whole), headers: [("Location", "The workflow's path.")])
            ], errors: [.conflict, .invalidWorkflow])
    }

    static var template: RouteDescription {
        RouteDescription(
            summary: "One stored workflow", tag: .workflows, query: TemplateRoutes.versionQuery,
            answers: [Answer(status: 200, summary: "All of it.", content: Content(schema: whole))])
    }

    static var replaceTemplate: RouteDescription {
        RouteDescription(
            summary: "Change a stored workflow",
            details: "The body is the whole of its next version; the last 20 are kept.", tag: .workflows,
            body: TemplateDefinition.fields, bodyExamples: [("template", templateExample)],
            answers: [Answer(status: 200, summary: "As it is now.", content: Content(schema: whole))],
            errors: [.conflict, .invalidWorkflow])
    }

    static var deleteTemplate: RouteDescription {
        RouteDescription(
            summary: "Delete a stored workflow", details: "All versions of it. Jobs keep what they run.",
            tag: .workflows, answers: [Answer(status: 204, summary: "It is gone.")])
    }

    static var executeTemplate: RouteDescription {
        RouteDescription(
            summary: "Run a stored workflow",
            details: "`file:` among the values is looked up as the one who runs it.", tag: .workflows,
            headers: [IdempotencyKey.description, WaitPreference.description],
            body: TemplateRunRequest.fields,
            bodyExamples: [("parameters", ["parameters": ["prompt": "a lighthouse at dusk"]])],
            answers: submitted, errors: [.idempotencyMismatch, .invalidWorkflow])
    }

    /// One picture of a colour.
    private static let templateExample: JSON = [
        "name": "Plain colour", "description": "A square of one colour.", "visibility": "private",
        "parameters": [
            "size": [
                "type": "integer", "minimum": 64, "maximum": 1024, "multiple_of": 8, "default": 256,
                "description": "Pixels a side.",
            ],
            "color": [
                "type": "integer", "minimum": 0, "maximum": 16_777_215, "pointers": ["/1/inputs/color"],
            ],
        ],
        "workflow": [
            "1": [
                "class_type": "EmptyImage",
                "inputs": ["width": "{{size}}", "height": "{{size}}", "batch_size": 1, "color": 0],
            ],
            "2": [
                "class_type": "SaveImage",
                "inputs": ["images": ["1", 0], "filename_prefix": "plain-{{size}}"],
            ],
        ],
        "node_id": "2",
    ]

    /// Of stored workflows and of those that are always there.
    static let templateID: JSON = [
        "anyOf": [
            Schema.id, ["type": "string", "enum": .array(BuiltInTemplates.names.map { .string($0) })],
        ]
    ]

    static let templateVersion: JSON = ["type": "integer", "minimum": 1]

    private static var summaryMembers: JSON.Object {
        [
            "id": templateID, "name": Schema.text, "description": Schema.text,
            "source": Schema.choice(TemplateRoutes.Source.allCases.map(\.rawValue)),
            "visibility": Schema.choice(TemplateDefinition.Visibility.allCases.map(\.rawValue)),
            "version": templateVersion, "created_at": Schema.nullable(Schema.time),
            "updated_at": Schema.nullable(Schema.time),
        ]
    }

    private static var whole: JSON {
        var members = summaryMembers
        members["workflow"] = [
            "type": "object", "description": "In ComfyUI's API format, with {{name}} for parameters.",
        ]
        members["parameters"] = ["type": "object", "additionalProperties": ["type": "object"]]
        members["node_id"] = Schema.nullable(Schema.text)
        return Schema.object(members)
    }
}
