import JSON

/// How an item of a batch becomes a job: as what POST takes where there is one job. The one member that only it has tells which: `template`
/// is a stored workflow to run, `workflow` a graph, and anything else the parameters of `generate`.
struct BatchItem: Sendable {
    let submissions: SubmissionRoutes
    let templates: TemplateRoutes

    private enum Fields {
        static let template = Field(required: "template", .templateID)
    }

    /// What runs a stored workflow: its id, and what `POST /v1/workflows/{id}/execute` takes.
    static var templateFields: [FieldDescription] {
        [FieldDescription(Fields.template, "The id of a stored workflow, or a built-in one's name.")]
            + TemplateRunRequest.fields
    }

    static let schema: JSON = [
        "anyOf": [
            Contract.reference("GenerateRequest"), Contract.reference("WorkflowRequest"),
            Contract.reference("TemplateRequest"),
        ]
    ]

    /// The job to be, with what it will cost.
    func draft(_ body: JSON.Object, _ user: User) async throws -> JobDraft {
        var reader = FieldReader(body)
        let draft =
            if reader.has("template") {
                try await templates.draft(of: reader.read(Fields.template), &reader, user)
            } else if reader.has("workflow") {
                try await submissions.workflowDraft(&reader, user)
            } else {
                try await submissions.generateDraft(&reader)
            }
        return submissions.measured(draft)
    }
}

extension FieldType where Value == String {
    /// Of a stored workflow: whatever is none's names none.
    fileprivate static let templateID = Self(blank: "", schema: RouteDescription.templateID) {
        json throws(Refusal) in
        guard let text = json.string else { throw Refusal(.wrongType, "must be a string") }
        return text
    }
}
