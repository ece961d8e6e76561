import JSON

/// Pieces of JSON Schema (2020-12), which OpenAPI 3.1 uses as it is.
enum Schema {
    static let text: JSON = ["type": "string"]
    static let count: JSON = ["type": "integer", "minimum": 0]
    static let id: JSON = ["type": "string", "format": "uuid"]
    static let workerID: JSON = ["type": "string", "pattern": "^w-[0-9a-f]{12}$"]
    static let time: JSON = ["type": "string", "format": "date-time"]
    static let address: JSON = ["type": "string", "format": "uri"]

    static func choice(_ values: [String]) -> JSON {
        ["type": "string", "enum": .array(values.map { .string($0) })]
    }

    static func list(of element: JSON) -> JSON { ["type": "array", "items": element] }

    /// Of an answer: every member is always there, and later versions may add some.
    static func object(_ members: JSON.Object, _ description: String? = nil) -> JSON {
        var schema: JSON.Object = ["type": "object"]
        schema["description"] = description.map { .string($0) }
        schema["required"] = .array(members.keys.map { .string($0) })
        schema["properties"] = .object(members)
        return .object(schema)
    }

    /// Of a request: what is not named is refused, and null is absence.
    static func fields(_ fields: [FieldDescription]) -> JSON {
        var members: JSON.Object = [:]
        for field in fields {
            var schema = (field.isRequired ? field.schema : nullable(field.schema)).object ?? [:]
            schema["description"] = .string(field.summary)
            schema["default"] = field.absent
            members[field.name] = .object(schema)
        }
        var schema: JSON.Object = ["type": "object", "properties": .object(members)]
        let required = fields.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        schema["additionalProperties"] = false
        return .object(schema)
    }

    /// What the schema allows, or null.
    static func nullable(_ schema: JSON) -> JSON {
        guard var object = schema.object, let type = object["type"]?.string else {
            return ["anyOf": [schema, ["type": "null"]]]
        }
        object["type"] = [.string(type), "null"]
        if let choices = object["enum"]?.array { object["enum"] = .array(choices + [.null]) }
        return .object(object)
    }
}
