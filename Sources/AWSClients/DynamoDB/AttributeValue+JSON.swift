import Crypto
import JSON

extension AttributeValue {
    /// What DynamoDB would refuse, found before it is sent.
    struct Invalid: Error { let message: String }

    /// Levels of values within one another, a scalar attribute being one.
    static let maximumDepth = 32

    /// As DynamoDB's JSON has it: `{"N":"12"}`. Throws for numbers out of range, empty sets, and what is too deep.
    func json(depth: Int = 0) throws(Invalid) -> JSON {
        if depth >= Self.maximumDepth {
            throw Invalid(message: "a value more than 32 levels deep; DynamoDB keeps none")
        }
        switch self {
        case .s(let value): return ["S": .string(value)]
        case .n(let value):
            try DecimalNumber.validate(value)
            return ["N": .string(value)]
        case .b(let value): return ["B": .string(Base64.encode(value))]
        case .bool(let value): return ["BOOL": .bool(value)]
        case .null: return ["NULL": true]
        case .l(let values):
            var array: [JSON] = []
            for value in values { array.append(try value.json(depth: depth + 1)) }
            return ["L": .array(array)]
        case .m(let members): return ["M": try Self.json(members, depth: depth + 1)]
        case .ss(let values): return ["SS": try Self.set(values.map { .string($0) })]
        case .ns(let values):
            for value in values { try DecimalNumber.validate(value) }
            return ["NS": try Self.set(values.map { .string($0) })]
        case .bs(let values): return ["BS": try Self.set(values.map { .string(Base64.encode($0)) })]
        }
    }

    /// An item; names in order, so that equal items make equal bytes.
    static func json(_ item: Item, depth: Int = 0) throws(Invalid) -> JSON {
        var object = JSON.Object()
        for (name, value) in item.sorted(by: { $0.key < $1.key }) {
            object[name] = try value.json(depth: depth)
        }
        return .object(object)
    }

    private static func set(_ elements: [JSON]) throws(Invalid) -> JSON {
        if elements.isEmpty { throw Invalid(message: "a set must not be empty") }
        return .array(elements)
    }

    /// nil when it is no attribute value.
    init?(_ json: JSON) {
        guard let object = json.object, object.count == 1,
            let (type, value) = object.first(where: { _ in true })
        else { return nil }
        switch (type, value) {
        case ("S", .string(let text)): self = .s(text)
        case ("N", .string(let text)): self = .n(text)
        case ("B", .string(let text)):
            guard let bytes = Base64.decode(text) else { return nil }
            self = .b(bytes)
        case ("BOOL", .bool(let value)): self = .bool(value)
        case ("NULL", .bool): self = .null
        case ("L", .array(let elements)):
            guard let values = Self.all(elements, { AttributeValue($0) }) else { return nil }
            self = .l(values)
        case ("M", let members):
            guard let item = Self.item(members) else { return nil }
            self = .m(item)
        case ("SS", .array(let elements)):
            guard let values = Self.all(elements, { $0.string }) else { return nil }
            self = .ss(values)
        case ("NS", .array(let elements)):
            guard let values = Self.all(elements, { $0.string }) else { return nil }
            self = .ns(values)
        case ("BS", .array(let elements)):
            guard let values = Self.all(elements, { $0.string.flatMap { Base64.decode($0) } }) else {
                return nil
            }
            self = .bs(values)
        default: return nil
        }
    }

    /// nil when it is no object of attribute values.
    static func item(_ json: JSON) -> Item? {
        guard let object = json.object else { return nil }
        var item: Item = [:]
        for (name, value) in object {
            guard let value = AttributeValue(value) else { return nil }
            item[name] = value
        }
        return item
    }

    private static func all<Element>(_ elements: [JSON], _ read: (JSON) -> Element?) -> [Element]? {
        let values = elements.compactMap(read)
        return values.count == elements.count ? values : nil
    }
}
