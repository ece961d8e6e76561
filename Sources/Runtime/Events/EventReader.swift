import JSON
import Time

/// Reads members of an event, with errors that say where. `null` counts as absent: front ends write both.
struct EventReader {
    private let json: JSON
    private let path: String

    init(_ json: JSON, at path: String = "") {
        self.json = json
        self.path = path
    }

    private func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// nil when absent or null.
    func optional(_ name: String) -> JSON? {
        guard let value = json[name], !value.isNull else { return nil }
        return value
    }

    func wrongType(_ name: String, _ expected: String) -> EventDecodingError {
        EventDecodingError(kind: .wrongType, description: "'\(place(name))' is not \(expected)")
    }

    func missing(_ name: String) -> EventDecodingError {
        EventDecodingError(kind: .missing, description: "'\(place(name))' is missing")
    }

    func text(_ name: String) throws(EventDecodingError) -> String {
        guard let text = try optionalText(name) else { throw missing(name) }
        return text
    }

    func optionalText(_ name: String) throws(EventDecodingError) -> String? {
        guard let value = optional(name) else { return nil }
        guard let text = value.string else { throw wrongType(name, "a string") }
        return text
    }

    func flag(_ name: String) throws(EventDecodingError) -> Bool {
        guard let value = optional(name) else { return false }
        guard let flag = value.bool else { throw wrongType(name, "a boolean") }
        return flag
    }

    /// An object of the members; absent is empty.
    func object(_ name: String) throws(EventDecodingError) -> EventReader {
        guard let value = optional(name) else { return EventReader([:], at: place(name)) }
        guard value.object != nil else { throw wrongType(name, "an object") }
        return EventReader(value, at: place(name))
    }

    func objects(_ name: String) throws(EventDecodingError) -> [EventReader] {
        guard let value = optional(name) else { throw missing(name) }
        guard let array = value.array else { throw wrongType(name, "an array") }
        var readers: [EventReader] = []
        for (index, element) in array.enumerated() {
            guard element.object != nil else { throw wrongType("\(name)[\(index)]", "an object") }
            readers.append(EventReader(element, at: "\(place(name))[\(index)]"))
        }
        return readers
    }

    func texts(_ name: String) throws(EventDecodingError) -> [String] {
        guard let value = optional(name) else { return [] }
        guard let array = value.array else { throw wrongType(name, "an array") }
        var texts: [String] = []
        for element in array {
            guard let text = element.string else { throw wrongType(name, "an array of strings") }
            texts.append(text)
        }
        return texts
    }

    /// Members whose values are strings, in order; other values are left out.
    func pairs(_ name: String) throws(EventDecodingError) -> [(name: String, value: String)]? {
        guard let value = optional(name) else { return nil }
        guard let object = value.object else { throw wrongType(name, "an object") }
        return object.compactMap { key, value in value.string.map { (key, $0) } }
    }

    /// Members whose values are arrays of strings, flattened in order; a lone string counts as one.
    func multiPairs(_ name: String) throws(EventDecodingError) -> [(name: String, value: String)]? {
        guard let value = optional(name) else { return nil }
        guard let object = value.object else { throw wrongType(name, "an object") }
        return object.flatMap { key, value in
            (value.array ?? [value]).compactMap { element in element.string.map { (key, $0) } }
        }
    }

    /// The multi-value form of `name` where the event has it, else the single one, else nothing.
    func pairs(_ multiName: String, or name: String) throws(EventDecodingError) -> [(
        name: String, value: String
    )] {
        if let pairs = try multiPairs(multiName) { return pairs }
        if let pairs = try pairs(name) { return pairs }
        return []
    }

    /// Events write times as RFC 3339, as milliseconds in a string, and as numbers.
    func time(_ name: String) -> Timestamp? {
        guard let value = optional(name) else { return nil }
        if let text = value.string {
            return Int64(text).map { Timestamp(milliseconds: $0) } ?? Timestamp(rfc3339: text)
        }
        return value.number?.integer(as: Int64.self).map { Timestamp(milliseconds: $0) }
    }
}
