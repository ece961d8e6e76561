import ComfyUI
import JSON

/// The fields of `POST /v1/workflows/{id}/execute`.
struct TemplateRunRequest: Sendable {
    /// nil: the latest.
    let version: Int?
    let executionMode: Job.ExecutionMode
    let options: JobOptions
    private let given: JSON.Object

    private enum Fields {
        static let parameters = Field("parameters", .object(maximumBytes: 4 << 20), default: [:])
        static let version = Field<Int?>(optional: "version", .integer(1...Int(Int32.max)))
        static let executionMode = Field(
            "execution_mode", .choice(Job.ExecutionMode.sequential), default: .sequential)
    }

    static var fields: [FieldDescription] {
        [
            FieldDescription(
                Fields.parameters, "Values by the parameters' names: texts, numbers, true and false.",
                default: [:]),
            FieldDescription(Fields.version, "Which version; absent: the latest."),
            FieldDescription(
                Fields.executionMode, "Whether independent parts may run apart.", default: "sequential"),
        ] + JobOptions.fields
    }

    init(_ reader: inout FieldReader) {
        given = reader.read(Fields.parameters)
        version = reader.read(Fields.version)
        executionMode = reader.read(Fields.executionMode)
        options = JobOptions(&reader)
    }

    /// The values of a template's parameters; faults go to `reader`.
    func values(for template: Template, _ reader: inout FieldReader) -> TemplateValues {
        var nested = FieldReader(given, prefix: "parameters.")
        let values = TemplateValues(template.parameters, &nested, given: given)
        reader.absorb(nested)
        return values
    }
}

/// Values for all parameters of a template.
struct TemplateValues: Sendable {
    private(set) var byName: [String: JSON] = [:]
    /// Seeds that nobody gave.
    private(set) var drawn: Set<String> = []

    init(_ parameters: [TemplateParameter], _ reader: inout FieldReader, given: JSON.Object) {
        var schedule: String?
        for parameter in parameters {
            let name = parameter.name
            let value = reader.read(Field<JSON?>(optional: name, parameter.type))
            if parameter.isRequired, !reader.has(name) {
                reader.refuse(name, .required, "'parameters.\(name)' is required.")
            }
            if parameter.kind == .sampler {
                schedule = given[name]?.string.flatMap(SamplerName.choice)?.scheduler ?? schedule
            }
            let isDrawn = value == nil && parameter.kind == .seed && parameter.absent == nil
            if isDrawn { drawn.insert(name) }
            byName[name] = value ?? parameter.absent.map { parameter.read($0) } ?? 0
        }
        guard let schedule else { return }
        for parameter in parameters where parameter.kind == .scheduler && !reader.has(parameter.name) {
            byName[parameter.name] = .string(schedule)
        }
    }
}

extension TemplateParameter {
    /// A default as it goes into the workflow; it was held to the type when the template was stored.
    fileprivate func read(_ value: JSON) -> JSON { (try? type.parse(value)) ?? value }
}

extension Template {
    /// The job to be: these values put in, the overrides set, everything checked.
    func draft(
        _ values: TemplateValues, _ options: JobOptions, _ mode: Job.ExecutionMode, _ check: WorkflowCheck,
        _ resolver: InputResolver
    ) async throws -> JobDraft {
        let catalog = check.rules.catalog
        let checked: WorkflowCheck.Checked
        do {
            checked = try await check.validate(
                fill(values.byName).json, overrides: options.overrides, resolver)
            let faults = mode == .parallel ? checked.graph.partFaults(catalog) : []
            guard faults.isEmpty else { throw WorkflowFaults(faults) }
        } catch let faults as WorkflowFaults {
            throw refusal(faults)
        }
        var draft = JobDraft(
            graph: checked.graph, options: options,
            primaryNode: primaryNode ?? checked.graph.outputNodes(catalog).first, executionMode: mode)
        draft.files = checked.files
        let seeds = parameters.filter { $0.kind == .seed }.map(\.name)
        draft.shownSeed = seeds.lazy.flatMap(inputs(of:)).first
        draft.drawnSeeds = seeds.filter(values.drawn.contains).flatMap(inputs(of:))
            .filter { options.overrides[$0.path] == nil }
        draft.split(catalog)
        return draft
    }

    /// Who sent values is told of values.
    private func refusal(_ faults: WorkflowFaults) -> APIError {
        let known = faults.faults.compactMap { fault in
            parameter(of: fault).map { FieldFault("parameters.\($0)", code: fault.code, fault.message) }
        }
        return known.count == faults.faults.count ? .validation(known) : .workflow(faults)
    }
}
