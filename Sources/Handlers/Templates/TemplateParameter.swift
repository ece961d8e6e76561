import JSON

/// A named parameter of a template: what its values may be, and where they go.
struct TemplateParameter: Sendable {
    /// What a value is. All are single values: nothing that a parameter says can become a link between nodes.
    enum Kind: String, Sendable, CaseIterable {
        case string, integer, number, boolean
        /// 0 to 2^64−1; drawn when it is not given.
        case seed
        /// A sampler by ComfyUI's name or a common one. One that implies a noise schedule sets the parameters of the kind
        /// `scheduler` that are not given.
        case sampler
        case scheduler
        /// A picture or another file: `file:<id>`, an address or a `data:` URI, which the submission looks up as the one who
        /// runs it.
        case file
    }

    let name: String
    let kind: Kind
    let summary: String
    /// What is meant when it is not given; nil: it must be, unless it is a seed.
    let absent: JSON?
    let minimum: JSON.Number?
    let maximum: JSON.Number?
    let multipleOf: Int?
    let minimumLength: Int?
    let maximumLength: Int?
    let choices: [JSON]?
    /// JSON pointers (RFC 6901) into the workflow: `/<node>/inputs/<input>`.
    let pointers: [String]

    /// Characters of a text when the definition says nothing of it, and at the most.
    static let textLimit = 5000
    /// Of addresses and `data:` URIs.
    static let fileLimit = 4 << 20

    var isRequired: Bool { absent == nil && kind != .seed }

    /// What its values may be; what is read is the value as it goes into the workflow.
    var type: FieldType<JSON> {
        switch kind {
        case .string: choosing(FieldType<String>.text(lengths).map { .string($0) })
        case .integer:
            choosing(
                FieldType<Int128>.integer(integers, multipleOf: Int128(multipleOf ?? 1)).map { .number($0) })
        case .number: choosing(FieldType<Double>.number(numbers).keepingText)
        case .boolean: .truthValue
        case .seed: FieldType<UInt64>.integer(0...UInt64.max).map { .number($0) }
        case .sampler: FieldType<SamplerName.Choice>.sampler.map { .string($0.sampler) }
        case .scheduler: FieldType<String>.scheduler.map { .string($0) }
        case .file: .fileReference
        }
    }

    private var lengths: ClosedRange<Int> {
        let low = minimumLength ?? 0
        return low...max(low, maximumLength ?? Self.textLimit)
    }

    /// Every whole number that ComfyUI takes, unless the definition says less.
    private var integers: ClosedRange<Int128> {
        let low = minimum.flatMap(Self.whole) ?? Int128(Int64.min)
        return low...max(low, maximum.flatMap(Self.whole) ?? Int128(UInt64.max))
    }

    private var numbers: ClosedRange<Double> {
        let low = minimum?.double ?? -1e15
        return low...max(low, maximum?.double ?? 1e15)
    }

    static func whole(_ number: JSON.Number) -> Int128? {
        if case .value(let value) = number.whole(as: Int128.self) { value } else { nil }
    }

    private func choosing(_ type: FieldType<JSON>) -> FieldType<JSON> {
        guard let choices else { return type }
        var schema = type.schema.object ?? [:]
        schema["enum"] = .array(choices)
        return FieldType(blank: type.blank, schema: .object(schema)) { json throws(FieldRefusal) in
            let value = try type.parse(json)
            guard choices.contains(value) else {
                throw FieldRefusal(
                    .notAChoice, "must be one of " + choices.prefix(20).map(\.text).joined(separator: ", "))
            }
            return value
        }
    }

    /// A value that may be given, for holding a template against the rules before anybody has given one.
    var sample: JSON {
        if let value = absent ?? choices?.first { return value }
        switch kind {
        case .string: return .string(String(repeating: "x", count: lengths.lowerBound))
        case .integer:
            let step = Int128(multipleOf ?? 1)
            let low = minimum == nil ? min(1, integers.upperBound) : integers.lowerBound
            let rest = low % step
            return .number(rest == 0 ? low : rest > 0 ? low + step - rest : low - rest)
        case .number:
            return JSON.Number(minimum == nil ? min(1, numbers.upperBound) : numbers.lowerBound).map {
                .number($0)
            }
                ?? 0
        case .boolean: return false
        case .seed: return 0
        case .sampler: return "euler"
        case .scheduler: return "normal"
        case .file: return "file:00000000-0000-0000-0000-000000000000"
        }
    }
}

extension FieldType {
    /// The same texts, read as something else.
    func map<Other: Sendable>(_ convert: @escaping @Sendable (Value) -> Other) -> FieldType<Other> {
        FieldType<Other>(blank: convert(blank), schema: schema) { json throws(FieldRefusal) in
            convert(try parse(json))
        }
    }
}

extension FieldType where Value == Double {
    /// As it was written: no digit is lost in a binary fraction.
    fileprivate var keepingText: FieldType<JSON> {
        FieldType<JSON>(blank: 0, schema: schema) { json throws(FieldRefusal) in
            _ = try parse(json)
            return json
        }
    }
}

extension FieldType where Value == JSON {
    fileprivate static let truthValue = Self(blank: false, schema: ["type": "boolean"]) {
        json throws(Refusal) in
        guard json.bool != nil else { throw Refusal(.wrongType, "must be true or false") }
        return json
    }

    /// What it names is looked up with the job's other inputs.
    fileprivate static let fileReference = Self(
        blank: "", schema: ["type": "string", "pattern": "^(file:|https?://|data:)"]
    ) { json throws(Refusal) in
        let expected = "must be file:<id>, an https:// address or a data: URI"
        guard let text = json.string else { throw Refusal(.wrongType, expected) }
        guard ["file:", "https://", "http://", "data:"].contains(where: text.hasPrefix) else {
            throw Refusal(.malformed, expected)
        }
        guard text.utf8.count <= TemplateParameter.fileLimit else {
            throw Refusal(.tooLong, "must have at most \(TemplateParameter.fileLimit) bytes")
        }
        return json
    }
}
