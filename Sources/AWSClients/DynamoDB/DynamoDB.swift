public import JSON

/// DynamoDB (awsJson1_0, version 2012-08-10).
public struct DynamoDB: Sendable {
    /// Which attributes a write gives back.
    public enum ReturnValues: String, Sendable {
        /// None.
        case none = "NONE"
        /// The whole item as it was.
        case allOld = "ALL_OLD"
        /// What an update changed, as it was.
        case updatedOld = "UPDATED_OLD"
        /// The whole item as it is now.
        case allNew = "ALL_NEW"
        /// What an update changed, as it is now.
        case updatedNew = "UPDATED_NEW"
    }

    let client: AWSClient
    let onConsumedCapacity: (@Sendable (ConsumedCapacity) -> Void)?
    private var isInsistent = false

    /// Calls through a client. With `onConsumedCapacity` every call asks what it cost, and tells for each table.
    public init(
        _ client: AWSClient, onConsumedCapacity: (@Sendable (ConsumedCapacity) -> Void)? = nil
    ) {
        self.client = client
        self.onConsumedCapacity = onConsumedCapacity
    }

    /// The same table service, whose calls are repeated though the client's retry quota is spent.
    ///
    /// The quota ends retries while a service is in trouble for everybody, so that they do not add to it. Where a call is one of few and
    /// much would be done again without it, giving up adds more than a retry does.
    public var insistent: DynamoDB {
        var copy = self
        copy.isInsistent = true
        return copy
    }

    /// The item of a key, or nil.
    public func get(
        _ key: Item, from table: String, consistent: Bool = true, projection: [AttributePath]? = nil
    ) async throws(AWSError) -> Item? {
        let operation = Operation(.dynamoDB, "GetItem")
        let input = try Self.input(operation, table) { input, expression throws(AttributeValue.Invalid) in
            input["Key"] = try Self.key(key)
            input["ConsistentRead"] = .bool(consistent)
            if let projection {
                input["ProjectionExpression"] = .string(try expression.projection(projection))
            }
        }
        return try await call(operation, input) { output throws(AWSError) in
            try Self.item(output["Item"], operation)
        }
    }

    /// Writes a whole item over whatever is there. Gives the old item when there was one and it was asked for.
    /// `returningOnFailure`: a failed condition's error has the item that was there (`AWSError.conditionFailureItem`).
    @discardableResult
    public func put(
        _ item: Item, into table: String, condition: Condition? = nil, returning: ReturnValues = .none,
        returningOnFailure: Bool = false
    ) async throws(AWSError) -> Item? {
        let operation = Operation(.dynamoDB, "PutItem")
        let input = try Self.input(operation, table, condition, returning, returningOnFailure) {
            input, _ throws(AttributeValue.Invalid) in
            input["Item"] = try AttributeValue.checkedJSON(item)
        }
        return try await attributes(operation, input)
    }

    /// Changes an item, or makes it when there is none and no condition forbids it. `returningOnFailure` as for `put`.
    @discardableResult
    public func update(
        _ key: Item, in table: String, _ updates: [Update], condition: Condition? = nil,
        returning: ReturnValues = .none, returningOnFailure: Bool = false
    ) async throws(AWSError) -> Item? {
        let operation = Operation(.dynamoDB, "UpdateItem")
        let input = try Self.input(operation, table, condition, returning, returningOnFailure) {
            input, expression throws(AttributeValue.Invalid) in
            input["Key"] = try Self.key(key)
            if !updates.isEmpty { input["UpdateExpression"] = .string(try expression.update(updates)) }
        }
        return try await attributes(operation, input)
    }

    /// Deletes an item; that there was none is no error. `returningOnFailure` as for `put`.
    @discardableResult
    public func delete(
        _ key: Item, from table: String, condition: Condition? = nil, returning: ReturnValues = .none,
        returningOnFailure: Bool = false
    ) async throws(AWSError) -> Item? {
        let operation = Operation(.dynamoDB, "DeleteItem")
        let input = try Self.input(operation, table, condition, returning, returningOnFailure) {
            input, _ throws(AttributeValue.Invalid) in
            input["Key"] = try Self.key(key)
        }
        return try await attributes(operation, input)
    }

    /// Any operation by name, for set-up (`CreateTable`, `DescribeTable`, `UpdateTimeToLive`).
    @discardableResult
    public func call(_ operation: String, _ input: JSON) async throws(AWSError) -> JSON {
        try await client.json(
            Operation(.dynamoDB, operation), target: "DynamoDB_20120810", input, decode: { $0 })
    }

    func call<Output: Sendable>(
        _ operation: Operation, _ input: JSON, decode: (JSON) throws(AWSError) -> Output
    ) async throws(AWSError) -> Output {
        guard let onConsumedCapacity, var members = input.object else {
            return try await client.json(
                operation, target: "DynamoDB_20120810", input, isInsistent: isInsistent, decode: decode)
        }
        members["ReturnConsumedCapacity"] = "TOTAL"
        let (output, capacity) = try await client.json(
            operation, target: "DynamoDB_20120810", .object(members), isInsistent: isInsistent
        ) { output throws(AWSError) in
            (try decode(output), ConsumedCapacity.all(in: output))
        }
        capacity.forEach(onConsumedCapacity)
        return output
    }

    private func attributes(_ operation: Operation, _ input: JSON) async throws(AWSError) -> Item? {
        try await call(operation, input) { output throws(AWSError) in
            try Self.item(output["Attributes"], operation)
        }
    }
}
