import Crypto
import JSON

extension DynamoDB {
    /// One action of a transaction.
    public enum TransactItem: Sendable {
        /// Writes an item.
        case put(Item, table: String, condition: Condition? = nil)
        /// Changes an item.
        case update(key: Item, table: String, [Update], condition: Condition? = nil)
        /// Deletes an item.
        case delete(key: Item, table: String, condition: Condition? = nil)
        /// Only checks an item.
        case check(key: Item, table: String, condition: Condition)
    }

    static let maximumTransactItems = 100

    /// All of them or none: `transactionCanceled` when one could not be done, with the reasons in
    /// `AWSError.cancellationReasons`. Retries are one transaction by the `token` (made when nil), for ten minutes.
    /// `returningOnFailure`: the reason of a failed condition has the item that was there.
    public func transactWrite(
        _ items: [TransactItem], token: String? = nil, returningOnFailure: Bool = false
    ) async throws(AWSError) {
        let operation = Operation(.dynamoDB, "TransactWriteItems")
        try Self.check(transactionOf: items.count, operation)
        let size = items.reduce(0) { $0 + $1.size }
        if size > AttributeValue.maximumTransactionSize {
            throw operation.invalid("a transaction of \(size) bytes; at most 4,194,304 (4 MB) are allowed")
        }
        let actions = try Self.all(items, operation) { item throws(AttributeValue.Invalid) in
            try Self.action(item, returningOnFailure)
        }
        let input: JSON = [
            "TransactItems": .array(actions), "ClientRequestToken": .string(token ?? UUID.v4().description),
        ]
        try await call(operation, input) { _ in }
    }

    /// The items of up to 100 keys as they were at one moment, in the order of the keys; nil where there is none.
    public func transactGet(
        _ keys: [(key: Item, table: String)]
    ) async throws(AWSError) -> [Item?] {
        let operation = Operation(.dynamoDB, "TransactGetItems")
        try Self.check(transactionOf: keys.count, operation)
        let gets = try Self.all(keys, operation) { get throws(AttributeValue.Invalid) in
            ["Get": ["TableName": .string(get.table), "Key": try Self.key(get.key)]]
        }
        return try await call(operation, ["TransactItems": .array(gets)]) { output throws(AWSError) in
            let responses = output["Responses"]?.array ?? []
            guard responses.count == keys.count else {
                throw operation.malformed("\(responses.count) answers to \(keys.count) keys")
            }
            var items: [Item?] = []
            for response in responses { items.append(try Self.item(response["Item"], operation)) }
            return items
        }
    }

    private static func check(transactionOf count: Int, _ operation: Operation) throws(AWSError) {
        guard (1...maximumTransactItems).contains(count) else {
            throw operation.invalid("\(count) actions; a transaction has 1 to \(maximumTransactItems)")
        }
    }

    private static func action(
        _ item: TransactItem, _ returningOnFailure: Bool
    ) throws(AttributeValue.Invalid) -> JSON {
        switch item {
        case .put(let item, let table, let condition):
            let put = try object(table, condition, .none, returningOnFailure) {
                input, _ throws(AttributeValue.Invalid) in
                input["Item"] = try AttributeValue.checkedJSON(item)
            }
            return ["Put": .object(put)]
        case .update(let key, let table, let updates, let condition):
            let update = try object(table, condition, .none, returningOnFailure) {
                input, expression throws(AttributeValue.Invalid) in
                if updates.isEmpty { throw .init(message: "an update in a transaction changes nothing") }
                input["Key"] = try Self.key(key)
                input["UpdateExpression"] = .string(try expression.update(updates))
            }
            return ["Update": .object(update)]
        case .delete(let key, let table, let condition):
            let delete = try object(table, condition, .none, returningOnFailure) {
                input, _ throws(AttributeValue.Invalid) in
                input["Key"] = try Self.key(key)
            }
            return ["Delete": .object(delete)]
        case .check(let key, let table, let condition):
            let check = try object(table, condition, .none, returningOnFailure) {
                input, _ throws(AttributeValue.Invalid) in
                input["Key"] = try Self.key(key)
            }
            return ["ConditionCheck": .object(check)]
        }
    }
}

extension DynamoDB.TransactItem {
    /// Bytes that it certainly has.
    fileprivate var size: Int {
        switch self {
        case .put(let item, _, _): AttributeValue.size(of: item)
        case .update(let key, _, _, _), .delete(let key, _, _), .check(let key, _, _):
            AttributeValue.size(of: key)
        }
    }
}
