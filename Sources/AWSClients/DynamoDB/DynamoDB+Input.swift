import JSON

extension DynamoDB {
    /// A request's input: table, condition and what `fill` adds. What DynamoDB would refuse is refused here.
    static func input(
        _ operation: Operation, _ table: String, _ condition: Condition? = nil,
        _ returning: ReturnValues = .none, _ returningOnFailure: Bool = false,
        fill: (inout JSON.Object, inout Expression) throws(AttributeValue.Invalid) -> Void
    ) throws(AWSError) -> JSON {
        do throws(AttributeValue.Invalid) {
            return .object(try object(table, condition, returning, returningOnFailure, fill: fill))
        } catch {
            throw operation.invalid(error.message)
        }
    }

    static func object(
        _ table: String, _ condition: Condition? = nil, _ returning: ReturnValues = .none,
        _ returningOnFailure: Bool = false,
        fill: (inout JSON.Object, inout Expression) throws(AttributeValue.Invalid) -> Void
    ) throws(AttributeValue.Invalid) -> JSON.Object {
        var input: JSON.Object = ["TableName": .string(table)]
        var expression = Expression()
        try fill(&input, &expression)
        if let condition { input["ConditionExpression"] = .string(try expression.condition(condition)) }
        expression.add(to: &input)
        if returningOnFailure { input["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD" }
        if returning != .none { input["ReturnValues"] = .string(returning.rawValue) }
        return input
    }

    /// Keys are strings, numbers or bytes, and not empty.
    static func key(_ key: Item) throws(AttributeValue.Invalid) -> JSON {
        guard (1...2).contains(key.count) else {
            throw .init(message: "a key of \(key.count) attributes; it has one or two")
        }
        for (name, value) in key { try checkKey(name, value) }
        return try AttributeValue.json(key)
    }

    /// Limits of partition (2,048 bytes) and sort keys (1,024): the larger holds for both, since only the table
    /// knows which is which.
    static func checkKey(_ name: String, _ value: AttributeValue) throws(AttributeValue.Invalid) {
        let size: Int
        switch value {
        case .s(let text): size = text.utf8.count
        case .b(let bytes): size = bytes.count
        case .n: return
        default: throw .init(message: "the key attribute \(name) must be a string, a number or bytes")
        }
        if size == 0 {
            throw .init(message: "the key attribute \(name) is empty; DynamoDB allows no empty keys")
        }
        if size > 2048 {
            throw .init(message: "the key attribute \(name) has \(size) bytes; at most 2,048 are allowed")
        }
    }

    /// Several of something, each as DynamoDB would take it.
    static func all<Element>(
        _ elements: [Element], _ operation: Operation,
        _ make: (Element) throws(AttributeValue.Invalid) -> JSON
    ) throws(AWSError) -> [JSON] {
        var made: [JSON] = []
        do throws(AttributeValue.Invalid) {
            for element in elements { made.append(try make(element)) }
        } catch {
            throw operation.invalid(error.message)
        }
        return made
    }

    static func items(_ json: JSON?, _ operation: Operation) throws(AWSError) -> [Item] {
        var items: [Item] = []
        for element in json?.array ?? [] {
            if let item = try item(element, operation) { items.append(item) }
        }
        return items
    }

    static func item(_ json: JSON?, _ operation: Operation) throws(AWSError) -> Item? {
        guard let json else { return nil }
        guard let item = AttributeValue.item(json) else {
            throw operation.malformed("an item holds something that is no attribute value")
        }
        return item
    }
}
