import JSON

/// How a parameter is written down.
extension TemplateParameter {
    enum Fields {
        static let kind = Field(required: "type", .choice(Kind.string))
        static let summary = Field("description", .text(0...1000), default: "")
        static let absent = Field<JSON?>(optional: "default", .single)
        static let minimum = Field<JSON.Number?>(optional: "minimum", .exact)
        static let maximum = Field<JSON.Number?>(optional: "maximum", .exact)
        static let multipleOf = Field<Int?>(optional: "multiple_of", .integer(1...1_000_000))
        static let minimumLength = Field<Int?>(optional: "min_length", .integer(0...textLimit))
        static let maximumLength = Field<Int?>(optional: "max_length", .integer(0...textLimit))
        static let choices = Field<[JSON]?>(optional: "choices", .list(of: .single, maximum: 200))
        static let pointers = Field(
            "pointers", FieldType<[String]>.list(of: .text(1...400), maximum: 16), default: [])
    }

    static var fields: [FieldDescription] {
        [
            FieldDescription(Fields.kind, "What a value is."),
            FieldDescription(Fields.summary, "What it does, for people.", default: ""),
            FieldDescription(
                Fields.absent, "What is meant when it is not given; without one it must be, but for a seed."),
            FieldDescription(Fields.minimum, "Of integers and numbers."),
            FieldDescription(Fields.maximum, "Of integers and numbers."),
            FieldDescription(Fields.multipleOf, "Of integers."),
            FieldDescription(Fields.minimumLength, "Characters of a string."),
            FieldDescription(Fields.maximumLength, "Characters of a string."),
            FieldDescription(Fields.choices, "The values that it may have, when they are few."),
            FieldDescription(
                Fields.pointers,
                "JSON pointers to the inputs that it sets, /<node>/inputs/<input>; beside what {{name}} in the workflow sets.",
                default: []),
        ]
    }

    /// `a-z`, digits and `_`, beginning with a letter, at most 64.
    static func isName(_ name: some StringProtocol) -> Bool {
        guard (1...64).contains(name.utf8.count), let first = name.utf8.first else { return false }
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        return letters.contains(first)
            && name.utf8.allSatisfy { byte in
                letters.contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "_")
            }
    }

    /// The definition that `reader` is of; faults go to it.
    init(_ name: String, _ reader: inout FieldReader) {
        self.name = name
        kind = reader.read(Fields.kind)
        summary = reader.read(Fields.summary)
        absent = reader.read(Fields.absent)
        minimum = reader.read(Fields.minimum)
        maximum = reader.read(Fields.maximum)
        multipleOf = reader.read(Fields.multipleOf)
        minimumLength = reader.read(Fields.minimumLength)
        maximumLength = reader.read(Fields.maximumLength)
        choices = reader.read(Fields.choices)
        pointers = reader.read(Fields.pointers)
        if !TemplateParameter.isName(name) {
            reader.refuse(
                "", .malformed, "A parameter's name has 1 to 64 of a-z 0-9 _ and begins with a letter.")
        }
        guard reader.accepted("type") else { return }
        checkMembers(&reader)
        checkBounds(&reader)
        checkValues(&reader)
    }

    /// Members that mean nothing for this kind.
    private func checkMembers(_ reader: inout FieldReader) {
        let isNumeric = kind == .integer || kind == .number
        var refused: [String] = []
        if !isNumeric { refused += ["minimum", "maximum"] }
        if kind != .integer { refused.append("multiple_of") }
        if kind != .string { refused += ["min_length", "max_length"] }
        if !isNumeric, kind != .string { refused.append("choices") }
        for member in refused where reader.has(member) {
            reader.refuse(member, .notAllowed, "'\(member)' means nothing for the type \(kind.rawValue).")
        }
    }

    private func checkBounds(_ reader: inout FieldReader) {
        if kind == .integer {
            for (member, bound) in [("minimum", minimum), ("maximum", maximum)] {
                if let bound, Self.whole(bound).map({ abs($0) > Int128(UInt64.max) }) ?? true {
                    reader.refuse(
                        member, .wrongType, "'\(member)' of an integer is a whole number of 64 bits.")
                }
            }
        }
        if let minimum, let maximum, minimum.double > maximum.double {
            reader.refuse("minimum", .outOfRange, "'minimum' is more than 'maximum'.")
        }
        if let minimumLength, let maximumLength, minimumLength > maximumLength {
            reader.refuse("min_length", .outOfRange, "'min_length' is more than 'max_length'.")
        }
        if choices?.isEmpty == true {
            reader.refuse("choices", .tooShort, "'choices' must have one at least.")
        }
    }

    /// The default and the choices are held to the definition themselves.
    private func checkValues(_ reader: inout FieldReader) {
        guard reader.faults.isEmpty else { return }
        let type = type
        for (member, value) in [("default", absent)] + (choices ?? []).map({ ("choices", $0) }) {
            guard let value else { continue }
            do {
                _ = try type.parse(value)
            } catch {
                reader.refuse(
                    member, error.code,
                    "'\(member)' has \(value.text.prefix(80)), and a value \(error.reason).")
            }
        }
    }

    /// As it is shown, and stored.
    var json: JSON {
        var json: JSON.Object = ["type": .string(kind.rawValue)]
        if !summary.isEmpty { json["description"] = .string(summary) }
        json["default"] = absent
        json["minimum"] = minimum.map { .number($0) }
        json["maximum"] = maximum.map { .number($0) }
        json["multiple_of"] = multipleOf.map { .number($0) }
        json["min_length"] = minimumLength.map { .number($0) }
        json["max_length"] = maximumLength.map { .number($0) }
        json["choices"] = choices.map { .array($0) }
        if !pointers.isEmpty { json["pointers"] = .array(pointers.map { .string($0) }) }
        return .object(json)
    }
}

extension FieldType where Value == JSON {
    /// A text, a number, true or false.
    fileprivate static let single = Self(
        blank: false, schema: ["type": ["string", "number", "boolean"]]
    ) { json throws(Refusal) in
        guard json.array == nil, json.object == nil else {
            throw Refusal(.wrongType, "must be a text, a number, true or false")
        }
        return json
    }
}

extension FieldType where Value == JSON.Number {
    /// With every digit that was written.
    fileprivate static let exact = Self(blank: JSON.Number(0), schema: ["type": "number"]) {
        json throws(Refusal) in
        guard let number = json.number, number.double.isFinite, number.text.utf8.count <= 64 else {
            throw Refusal(.wrongType, "must be a number")
        }
        return number
    }
}
