import JSON

/// Renders conditions, updates and projections of one request, and collects the names and values they speak of. What
/// is rendered holds nothing of theirs but placeholders: `#n0`, `:v0`.
struct Expression {
    private var namePlaceholders: [String: String] = [:]
    private var names = JSON.Object()
    private var values = JSON.Object()

    /// `IN` takes at most this many.
    static let maximumOperands = 100
    static let maximumDepth = 32

    /// `#n0.#n1`
    mutating func path(_ path: String) throws(AttributeValue.Invalid) -> String {
        var parts: [String] = []
        for part in path.split(separator: ".", omittingEmptySubsequences: false) {
            if part.isEmpty { throw .init(message: "the attribute path \"\(path)\" has an empty part") }
            parts.append(placeholder(String(part)))
        }
        return parts.joined(separator: ".")
    }

    /// `:v0`
    mutating func value(_ value: AttributeValue) throws(AttributeValue.Invalid) -> String {
        let placeholder = ":v\(values.count)"
        values[placeholder] = try value.json()
        return placeholder
    }

    mutating func condition(
        _ condition: Condition, depth: Int = 0
    ) throws(AttributeValue.Invalid) -> String {
        if depth > Self.maximumDepth {
            throw .init(message: "a condition more than \(Self.maximumDepth) deep")
        }
        switch condition {
        case .exists(let path): return "attribute_exists(\(try self.path(path)))"
        case .notExists(let path): return "attribute_not_exists(\(try self.path(path)))"
        case .equals(let path, let value): return try compare(path, "=", value)
        case .notEquals(let path, let value): return try compare(path, "<>", value)
        case .less(let path, let value): return try compare(path, "<", value)
        case .lessOrEqual(let path, let value): return try compare(path, "<=", value)
        case .greater(let path, let value): return try compare(path, ">", value)
        case .greaterOrEqual(let path, let value): return try compare(path, ">=", value)
        case .between(let path, let low, let high):
            return "\(try self.path(path)) BETWEEN \(try value(low)) AND \(try value(high))"
        case .beginsWith(let path, let prefix):
            return "begins_with(\(try self.path(path)), \(try value(.s(prefix))))"
        case .contains(let path, let element):
            return "contains(\(try self.path(path)), \(try value(element)))"
        case .oneOf(let path, let options):
            guard (1...Self.maximumOperands).contains(options.count) else {
                throw .init(
                    message: "oneOf with \(options.count) values; 1 to \(Self.maximumOperands) are allowed")
            }
            let path = try self.path(path)
            var placeholders: [String] = []
            for option in options { placeholders.append(try value(option)) }
            return "\(path) IN (\(placeholders.joined(separator: ", ")))"
        case .and(let parts): return try join(parts, "AND", depth)
        case .or(let parts): return try join(parts, "OR", depth)
        case .not(let part): return "(NOT \(try self.condition(part, depth: depth + 1)))"
        }
    }

    /// Clauses of one kind stand together, in the order SET, REMOVE, ADD, DELETE.
    mutating func update(_ updates: [Update]) throws(AttributeValue.Invalid) -> String {
        var clauses: [String: [String]] = [:]
        for update in updates {
            switch update {
            case .set(let path, let value):
                clauses["SET", default: []].append("\(try self.path(path)) = \(try self.value(value))")
            case .setIfAbsent(let path, let value):
                let path = try self.path(path)
                clauses["SET", default: []].append(
                    "\(path) = if_not_exists(\(path), \(try self.value(value)))")
            case .append(let path, let elements):
                let path = try self.path(path)
                let (none, added) = (try value(.l([])), try value(.l(elements)))
                clauses["SET", default: []].append(
                    "\(path) = list_append(if_not_exists(\(path), \(none)), \(added))")
            case .remove(let path):
                clauses["REMOVE", default: []].append(try self.path(path))
            case .add(let path, let value):
                clauses["ADD", default: []].append("\(try self.path(path)) \(try self.value(value))")
            case .delete(let path, let value):
                clauses["DELETE", default: []].append("\(try self.path(path)) \(try self.value(value))")
            }
        }
        return ["SET", "REMOVE", "ADD", "DELETE"].compactMap { keyword in
            clauses[keyword].map { "\(keyword) \($0.joined(separator: ", "))" }
        }.joined(separator: " ")
    }

    mutating func projection(_ paths: [String]) throws(AttributeValue.Invalid) -> String {
        var rendered: [String] = []
        for path in paths { rendered.append(try self.path(path)) }
        return rendered.joined(separator: ", ")
    }

    /// The names and values, into the request: DynamoDB refuses empty ones.
    func add(to input: inout JSON.Object) {
        if !names.isEmpty { input["ExpressionAttributeNames"] = .object(names) }
        if !values.isEmpty { input["ExpressionAttributeValues"] = .object(values) }
    }

    private mutating func placeholder(_ name: String) -> String {
        if let known = namePlaceholders[name] { return known }
        let placeholder = "#n\(namePlaceholders.count)"
        namePlaceholders[name] = placeholder
        names[placeholder] = .string(name)
        return placeholder
    }

    private mutating func compare(
        _ path: String, _ comparator: String, _ value: AttributeValue
    ) throws(AttributeValue.Invalid) -> String {
        "\(try self.path(path)) \(comparator) \(try self.value(value))"
    }

    private mutating func join(
        _ parts: [Condition], _ word: String, _ depth: Int
    ) throws(AttributeValue.Invalid) -> String {
        if parts.isEmpty { throw .init(message: "an empty \(word) in a condition") }
        var rendered: [String] = []
        for part in parts { rendered.append(try condition(part, depth: depth + 1)) }
        return parts.count == 1 ? rendered[0] : "(\(rendered.joined(separator: " \(word) ")))"
    }
}
