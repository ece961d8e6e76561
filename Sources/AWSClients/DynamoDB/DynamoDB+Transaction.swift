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

    /// All of them or none: `transactionCanceled` when a condition did not hold. Retries are one transaction by the
    /// `token` (made when nil), for ten minutes.
    public func transactWrite(_ items: [TransactItem], token: String? = nil) async throws(AWSError) {
        let operation = Operation(.dynamoDB, "TransactWriteItems")
        guard (1...Self.maximumTransactItems).contains(items.count) else {
            throw operation.invalid(
                "\(items.count) actions; a transaction has 1 to \(Self.maximumTransactItems)")
        }
        var actions: [JSON] = []
        do throws(AttributeValue.Invalid) {
            for item in items { actions.append(try Self.action(item)) }
        } catch {
            throw operation.invalid(error.message)
        }
        let input: JSON = [
            "TransactItems": .array(actions), "ClientRequestToken": .string(token ?? UUID.v4().description),
        ]
        try await call(operation, input) { _ in }
    }

    private static func action(_ item: TransactItem) throws(AttributeValue.Invalid) -> JSON {
        switch item {
        case .put(let item, let table, let condition):
            let put = try object(table, condition) { input, _ throws(AttributeValue.Invalid) in
                input["Item"] = try AttributeValue.json(item)
            }
            return ["Put": .object(put)]
        case .update(let key, let table, let updates, let condition):
            let update = try object(table, condition) { input, expression throws(AttributeValue.Invalid) in
                if updates.isEmpty { throw .init(message: "an update in a transaction changes nothing") }
                input["Key"] = try Self.key(key)
                input["UpdateExpression"] = .string(try expression.update(updates))
            }
            return ["Update": .object(update)]
        case .delete(let key, let table, let condition):
            let delete = try object(table, condition) { input, _ throws(AttributeValue.Invalid) in
                input["Key"] = try Self.key(key)
            }
            return ["Delete": .object(delete)]
        case .check(let key, let table, let condition):
            let check = try object(table, condition) { input, _ throws(AttributeValue.Invalid) in
                input["Key"] = try Self.key(key)
            }
            return ["ConditionCheck": .object(check)]
        }
    }
}
