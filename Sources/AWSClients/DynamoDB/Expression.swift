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
    /// Of an expression's text.
    static let maximumBytes = 4096

    mutating func condition(_ condition: Condition) throws(AttributeValue.Invalid) -> String {
        try bounded(render(condition, depth: 0))
    }

    /// `#n0.#n1[2]`
    private mutating func path(_ path: AttributePath) throws(AttributeValue.Invalid) -> String {
        var text = ""
        for step in path.steps {
            switch step {
            case .name(""):
                throw .init(message: "the attribute path \"\(path.text)\" has an empty part")
            case .name(let name): text += (text.isEmpty ? "" : ".") + placeholder(name)
            case .index(let index): text += "[\(index)]"
            }
        }
        if text.isEmpty { throw .init(message: "an attribute path without a name") }
        return text
    }

    /// `:v0`
    private mutating func value(_ value: AttributeValue) throws(AttributeValue.Invalid) -> String {
        if value.size > AttributeValue.maximumItemSize {
            throw .init(message: "a value of \(value.size) bytes; an item has at most 409,600 (400 KB)")
        }
        let placeholder = ":v\(values.count)"
        values[placeholder] = try value.json()
        return placeholder
    }

    private func bounded(_ text: String) throws(AttributeValue.Invalid) -> String {
        if text.utf8.count > Self.maximumBytes {
            throw .init(
                message: "an expression of \(text.utf8.count) bytes; at most 4,096 (4 KB) are allowed")
        }
        return text
    }

    private mutating func render(
        _ condition: Condition, depth: Int
    ) throws(AttributeValue.Invalid) -> String {
        if depth > Self.maximumDepth {
            throw .init(message: "a condition more than \(Self.maximumDepth) deep")
        }
        switch condition {
        case .exists(let path): return "attribute_exists(\(try self.path(path)))"
        case .notExists(let path): return "attribute_not_exists(\(try self.path(path)))"
        case .hasType(let path, let type):
            return "attribute_type(\(try self.path(path)), \(try value(.s(type))))"
        case .equals(let path, let value): return try compare(path, .equal, value)
        case .notEquals(let path, let value): return try compare(path, .notEqual, value)
        case .less(let path, let value): return try compare(path, .less, value)
        case .lessOrEqual(let path, let value): return try compare(path, .lessOrEqual, value)
        case .greater(let path, let value): return try compare(path, .greater, value)
        case .greaterOrEqual(let path, let value): return try compare(path, .greaterOrEqual, value)
        case .size(let path, let comparator, let size):
            return "size(\(try self.path(path))) \(comparator.rawValue) \(try value(.n(size)))"
        case .compare(let left, let comparator, let right):
            return "\(try path(left)) \(comparator.rawValue) \(try path(right))"
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
        case .not(let part): return "(NOT \(try render(part, depth: depth + 1)))"
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
        let text = ["SET", "REMOVE", "ADD", "DELETE"].compactMap { keyword in
            clauses[keyword].map { "\(keyword) \($0.joined(separator: ", "))" }
        }
        return try bounded(text.joined(separator: " "))
    }

    mutating func projection(_ paths: [AttributePath]) throws(AttributeValue.Invalid) -> String {
        var rendered: [String] = []
        for path in paths { rendered.append(try self.path(path)) }
        return try bounded(rendered.joined(separator: ", "))
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
        _ path: AttributePath, _ comparator: Condition.Comparator, _ value: AttributeValue
    ) throws(AttributeValue.Invalid) -> String {
        "\(try self.path(path)) \(comparator.rawValue) \(try self.value(value))"
    }

    private mutating func join(
        _ parts: [Condition], _ word: String, _ depth: Int
    ) throws(AttributeValue.Invalid) -> String {
        if parts.isEmpty { throw .init(message: "an empty \(word) in a condition") }
        var rendered: [String] = []
        for part in parts { rendered.append(try render(part, depth: depth + 1)) }
        return parts.count == 1 ? rendered[0] : "(\(rendered.joined(separator: " \(word) ")))"
    }
}
