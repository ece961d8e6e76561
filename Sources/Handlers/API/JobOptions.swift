import HTTP
import JSON

/// What every way to create a job takes beside its own fields.
struct JobOptions: Sendable {
    let priority: Int
    let workerLabels: [String]
    /// `{"<node>.<input>": value}`.
    let overrides: JSON.Object
    let timeoutSeconds: Int
    let webhookURL: String?
    let metadata: JSON.Object?
    let previews: Bool

    private enum Fields {
        static let priority = Field("priority", .priority, default: 5)
        static let workerLabels = Field(
            "worker_labels", FieldType<[String]>.list(of: .label, maximum: 10), default: [])
        static let inputs = Field("inputs", .object(maximumBytes: 1 << 20), default: [:])
        static let timeout = Field("timeout_seconds", FieldType<Int>.integer(10...3600), default: 600)
        static let webhook = Field<String?>(optional: "webhook_url", .webAddress)
        static let metadata = Field<JSON.Object?>(optional: "metadata", .object(maximumBytes: 4096))
        static let previews = Field("previews", .boolean, default: false)
    }

    static var fields: [FieldDescription] {
        [
            FieldDescription(
                Fields.priority,
                "1 to 10, or low (2), normal (5), high (8). 1–3, 4–7 and 8–10 are three bands; inside a band the oldest goes first.",
                default: 5),
            FieldDescription(
                Fields.workerLabels, "Labels, all of which the worker must have.", default: []),
            FieldDescription(
                Fields.inputs,
                "Overrides of the graph's inputs: {\"<node>.<input>\": value}. At most 1 MiB.", default: [:]),
            FieldDescription(
                Fields.timeout, "Seconds from the start of the first attempt, over all of them.", default: 600
            ),
            FieldDescription(
                Fields.webhook,
                "Where the completion is sent to. At most 2,048 bytes, and of a host that the operator allows."
            ),
            FieldDescription(
                Fields.metadata, "Given back with the job. At most 4,096 bytes of compact JSON."),
            FieldDescription(
                Fields.previews,
                "Whether the job's events show what the worker has made so far, as pictures.", default: false),
        ]
    }

    init(_ reader: inout FieldReader) {
        priority = reader.read(Fields.priority)
        workerLabels = reader.read(Fields.workerLabels)
        overrides = reader.read(Fields.inputs)
        timeoutSeconds = reader.read(Fields.timeout)
        webhookURL = reader.read(Fields.webhook)
        metadata = reader.read(Fields.metadata)
        previews = reader.read(Fields.previews)
    }
}

extension FieldType where Value == Int {
    /// 1 to 10, or one of three names.
    static let priority = Self(
        blank: 5,
        schema: [
            "anyOf": [
                ["type": "integer", "minimum": 1, "maximum": 10],
                ["type": "string", "enum": ["low", "normal", "high"]],
            ]
        ]
    ) { json throws(Refusal) in
        let expected = "must be a whole number from 1 to 10, or low, normal or high"
        switch json {
        case .string("low"): return 2
        case .string("normal"): return 5
        case .string("high"): return 8
        case .string: throw Refusal(.notAChoice, expected)
        case .number(let number):
            switch number.whole(as: Int.self) {
            case .value(let value) where (1...10).contains(value): return value
            case .value, .beyond: throw Refusal(.outOfRange, expected)
            case .fraction: throw Refusal(.wrongType, expected)
            }
        default: throw Refusal(.wrongType, expected)
        }
    }
}

/// `Idempotency-Key`: at most 255 visible ASCII characters.
enum IdempotencyKey {
    static let header = "Idempotency-Key"

    static let description = FieldDescription(
        header: header, ["type": "string", "pattern": "^[!-~]{1,255}$"],
        "The same key with the same body is the same job for 24 hours.")

    static func read(_ headers: HTTPHeaders, _ reader: inout FieldReader) -> String? {
        guard let key = headers[header] else { return nil }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            reader.refuse(header, .malformed, "'\(header)' must be 1 to 255 visible ASCII characters.")
            return nil
        }
        return key
    }
}
