import JSON

extension AttributeValue {
    /// Bytes of an item: names and values together.
    static let maximumItemSize = 400 << 10
    /// Bytes of all items of a transaction.
    static let maximumTransactionSize = 4 << 20

    /// Bytes as DynamoDB counts them
    /// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html): a number has
    /// one for two significant digits and one more, a list or map three and one more for each element. AWS calls its
    /// rule for numbers approximate; it is never more than what is counted there.
    public var size: Int {
        switch self {
        case .s(let value): value.utf8.count
        case .n(let value): Self.size(ofNumber: value)
        case .b(let value): value.count
        case .bool, .null: 1
        case .l(let values): values.reduce(3) { $0 + 1 + $1.size }
        case .m(let members): 3 + members.count + Self.size(of: members)
        case .ss(let values): values.reduce(0) { $0 + $1.utf8.count }
        case .ns(let values): values.reduce(0) { $0 + Self.size(ofNumber: $1) }
        case .bs(let values): values.reduce(0) { $0 + $1.count }
        }
    }

    /// Bytes of an item's names and values: at most 409,600 (400 KB).
    public static func size(of item: Item) -> Int {
        item.reduce(0) { $0 + $1.key.utf8.count + $1.value.size }
    }

    /// An item that DynamoDB would take by its size.
    static func checkedJSON(_ item: Item) throws(Invalid) -> JSON {
        let size = size(of: item)
        if size > maximumItemSize {
            throw Invalid(message: "an item of \(size) bytes; at most 409,600 (400 KB) are allowed")
        }
        return try json(item)
    }

    private static func size(ofNumber text: String) -> Int {
        ((DecimalNumber.significantDigits(text) ?? text.utf8.count) + 1) / 2 + 1
    }
}
