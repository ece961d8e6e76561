import JSON

/// What the contract says of one field of a body, one parameter of a query, or one header.
struct FieldDescription: Sendable {
    let name: String
    let isRequired: Bool
    /// JSON Schema, without the null that an optional field of a body may also be.
    let schema: JSON
    let summary: String
    /// What an absent field means.
    let absent: JSON?

    /// Of a field that is read: name, type and whether it may be absent are the field's own.
    init<Value>(_ field: Field<Value>, _ summary: String, default absent: JSON? = nil) {
        name = field.name
        isRequired = field.isRequired
        schema = field.schema
        self.summary = summary
        self.absent = absent
    }

    /// Of a header that may be absent.
    init(header name: String, _ schema: JSON, _ summary: String) {
        self.name = name
        isRequired = false
        self.schema = schema
        self.summary = summary
        absent = nil
    }
}
