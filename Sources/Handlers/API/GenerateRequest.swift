import ComfyUI
import JSON

/// The fields of `POST /v1/generate`.
struct GenerateRequest: Sendable {
    private let parameters: [String: JSON]
    private let hasSeed: Bool
    let options: JobOptions

    private enum Fields {
        static let prompt = Field(required: "prompt", .text(1...5000))
        static let negativePrompt = Field("negative_prompt", .text(0...5000), default: "")
        static let width = Field("width", FieldType<Int>.integer(64...2048, multipleOf: 8), default: 512)
        static let height = Field("height", FieldType<Int>.integer(64...2048, multipleOf: 8), default: 512)
        static let steps = Field("steps", FieldType<Int>.integer(1...150), default: 20)
        static let cfgScale = Field("cfg_scale", .number(1...30), default: 7)
        static let sampler = Field("sampler", .sampler, default: .init(sampler: "euler_ancestral"))
        static let scheduler = Field<String?>(optional: "scheduler", .scheduler)
        static let seed = Field<UInt64?>(optional: "seed", .integer(0...UInt64.max))
        static let model = Field("model", .text(1...255), default: "sd_xl_base_1.0.safetensors")
        static let batchSize = Field("batch_size", FieldType<Int>.integer(1...4), default: 1)
    }

    static var fields: [FieldDescription] {
        [
            FieldDescription(Fields.prompt, "What the picture shows."),
            FieldDescription(Fields.negativePrompt, "What it does not show.", default: ""),
            FieldDescription(
                Fields.width, "Pixels. Width × height is bounded too, by MAX_IMAGE_PIXELS.", default: 512),
            FieldDescription(Fields.height, "Pixels.", default: 512),
            FieldDescription(Fields.steps, "Steps of sampling.", default: 20),
            FieldDescription(Fields.cfgScale, "How closely the prompt is followed.", default: 7),
            FieldDescription(
                Fields.sampler, "ComfyUI's name of a sampler, or a common one: euler_a, DPM++ 2M Karras.",
                default: "euler_ancestral"),
            FieldDescription(
                Fields.scheduler, "The noise schedule; absent: what the sampler's name says, else normal."),
            FieldDescription(
                Fields.seed,
                "Absent: drawn. It is given back with the job; mind that numbers of JavaScript hold 2^53 only."
            ),
            FieldDescription(
                Fields.model, "A checkpoint's file name.", default: "sd_xl_base_1.0.safetensors"),
            FieldDescription(Fields.batchSize, "How many pictures.", default: 1),
        ] + JobOptions.fields
    }

    init(_ reader: inout FieldReader, maximumPixels: Int) {
        let width = reader.read(Fields.width)
        let height = reader.read(Fields.height)
        let sampler = reader.read(Fields.sampler)
        let seed = reader.read(Fields.seed)
        parameters = [
            "prompt": .string(reader.read(Fields.prompt)),
            "negative_prompt": .string(reader.read(Fields.negativePrompt)),
            "width": .number(width),
            "height": .number(height),
            "steps": .number(reader.read(Fields.steps)),
            "cfg_scale": JSON.Number(reader.read(Fields.cfgScale)).map { .number($0) } ?? 7,
            "sampler": .string(sampler.sampler),
            "scheduler": .string(reader.read(Fields.scheduler) ?? sampler.scheduler ?? "normal"),
            "seed": .number(seed ?? 0),
            "model": .string(reader.read(Fields.model)),
            "batch_size": .number(reader.read(Fields.batchSize)),
        ]
        hasSeed = seed != nil
        options = JobOptions(&reader)
        if reader.accepted("width"), reader.accepted("height"), width * height > maximumPixels {
            reader.refuse(
                "width", .tooManyPixels,
                "'width' × 'height' must be at most \(maximumPixels), is \(width * height).")
        }
    }

    /// The job to be, its graph checked by `check`: the template `txt2img` with these parameters.
    func draft(_ check: WorkflowCheck) async throws(APIError) -> JobDraft {
        let definition = BuiltInTemplates.textToImage
        let template = definition.template
        do throws(WorkflowFaults) {
            var graph = template.fill(parameters)
            try graph.apply(overrides: options.overrides)
            let faults = await check.faults(in: graph)
            guard faults.isEmpty else { throw WorkflowFaults(faults) }
            let seeds = template.inputs(of: "seed")
            return JobDraft(
                graph: graph, options: options, primaryNode: template.primaryNode,
                template: .builtIn(definition), shownSeed: seeds.first,
                drawnSeeds: hasSeed ? [] : seeds.filter { options.overrides[$0.path] == nil })
        } catch {
            throw Self.refusal(error, template)
        }
    }

    /// Who sent fields is told of fields: nobody asked for the graph behind them.
    private static func refusal(_ faults: WorkflowFaults, _ template: Template) -> APIError {
        let known = faults.faults.compactMap { fault in
            template.parameter(of: fault).map { FieldFault($0, code: fault.code, fault.message) }
        }
        return known.count == faults.faults.count ? .validation(known) : .workflow(faults)
    }
}
