import JSON

/// A field of a request: its name, its type, and what its absence means.
struct Field<Value: Sendable>: Sendable {
    let name: String
    let isRequired: Bool
    let schema: JSON
    /// What is read when the field is absent or null.
    let absent: Value
    let parse: @Sendable (JSON) throws(FieldRefusal) -> Value
    /// What is read when the field is faulty.
    let blank: Value

    /// With a default.
    init(_ name: String, _ type: FieldType<Value>, default absent: Value) {
        self.name = name
        self.isRequired = false
        self.schema = type.schema
        self.absent = absent
        self.parse = type.parse
        self.blank = type.blank
    }

    /// Without which the request makes no sense.
    init(required name: String, _ type: FieldType<Value>) {
        self.name = name
        self.isRequired = true
        self.schema = type.schema
        self.absent = type.blank
        self.parse = type.parse
        self.blank = type.blank
    }

    /// nil when absent.
    init<Wrapped: Sendable>(optional name: String, _ type: FieldType<Wrapped>)
    where Value == Wrapped? {
        self.name = name
        self.isRequired = false
        self.schema = type.schema
        self.absent = nil
        self.parse = { json throws(FieldRefusal) in try type.parse(json) }
        self.blank = nil
    }
}

/// Reads a request's fields one by one and collects every fault on the way; a field nobody read is a fault too.
///
/// A value that `read` returns means something only once `finish` did not throw.
struct FieldReader {
    private let members: JSON.Object
    private let prefix: String
    private(set) var known: Set<String> = []
    private(set) var faults: [FieldFault] = []

    /// `prefix` stands before the names in what is said of faults: where the object itself stands in the request.
    init(_ members: JSON.Object, prefix: String = "") {
        self.members = members
        self.prefix = prefix
    }

    /// Of a query string: every value is text, and a name must not come twice.
    init(query: [(name: String, value: String)]) {
        var members: JSON.Object = [:]
        for (name, value) in query {
            if members[name] != nil { faults.append(.init(name, .repeated, "'\(name)' is given twice.")) }
            members[name] = .string(value)
        }
        self.members = members
        prefix = ""
    }

    /// The field's value, or what stands in for it when it is absent or faulty.
    mutating func read<Value>(_ field: Field<Value>) -> Value {
        known.insert(field.name)
        guard let json = members[field.name], !json.isNull else {
            if field.isRequired { refuse(field.name, .required, "'\(prefix)\(field.name)' is required.") }
            return field.absent
        }
        do {
            return try field.parse(json)
        } catch {
            refuse(field.name, error.code, "'\(prefix)\(field.name)' \(error.reason).")
            return field.blank
        }
    }

    /// Whether the client gave this field.
    func has(_ name: String) -> Bool { members[name].map { !$0.isNull } ?? false }

    /// Whether nothing was found wrong with the field so far: rules over several fields ask first.
    func accepted(_ name: String) -> Bool { !faults.contains { $0.field == prefix + name } }

    /// Adds a fault that only the reader's user can see.
    mutating func refuse(_ field: String, _ code: FieldFault.Code, _ message: String) {
        faults.append(FieldFault(prefix + field, code, message))
    }

    /// Adds a fault that a rule outside of this file found.
    mutating func refuse(_ fault: FieldFault) { faults.append(fault) }

    /// Takes over what was found in an object of this request that was read apart.
    mutating func absorb(_ nested: FieldReader) {
        var nested = nested
        nested.refuseUnknown()
        faults += nested.faults
    }

    /// Throws all faults at once, if there are any.
    mutating func finish() throws(APIError) {
        refuseUnknown()
        if !faults.isEmpty { throw .validation(faults) }
    }

    private mutating func refuseUnknown() {
        for name in members.keys where !known.contains(name) {
            let shown = name.prefix(64)
            refuse(String(shown), .unknownField, "'\(prefix)\(shown)' is no field of this request.")
        }
    }
}
