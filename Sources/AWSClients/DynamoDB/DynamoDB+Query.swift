import JSON

extension DynamoDB {
    /// What to read of one partition.
    public struct Query: Sendable {
        /// The table's name.
        public var table: String
        /// Instead of the table itself; such reads lag.
        public var index: String?
        /// The partition key's equality, and at most one condition on the sort key.
        public var keyCondition: Condition
        /// Applied after `limit`, and not for free.
        public var filter: Condition?
        /// Items read, before the filter, a page; nil is as many as fit in 1 MB.
        public var limit: Int?
        /// By sort key.
        public var ascending = true
        /// Not possible on a global index.
        public var consistent = false
        /// The last page's `lastKey`.
        public var startKey: Item?
        /// The attributes wanted; nil is all.
        public var projection: [String]?
        /// COUNT only.
        public var countOnly = false

        /// All items of `table`, or of one of its indexes, that `keyCondition` names.
        public init(table: String, index: String? = nil, where keyCondition: Condition) {
            self.table = table
            self.index = index
            self.keyCondition = keyCondition
        }
    }

    /// A page of a query; it may be empty and not the last.
    public struct Page: Sendable {
        /// The items that passed the filter.
        public var items: [Item]
        /// How many passed the filter, also where only the count was asked for.
        public var count: Int
        /// Where the next page begins; nil at the end.
        public var lastKey: Item?

        /// A page as given.
        public init(items: [Item], count: Int, lastKey: Item? = nil) {
            self.items = items
            self.count = count
            self.lastKey = lastKey
        }
    }

    /// One page.
    public func query(_ query: Query) async throws(AWSError) -> Page {
        let operation = Operation(.dynamoDB, "Query")
        let input = try Self.input(operation, query.table) {
            input, expression throws(AttributeValue.Invalid) in
            try Self.checkKeys(query.keyCondition)
            if let index = query.index { input["IndexName"] = .string(index) }
            input["KeyConditionExpression"] = .string(try expression.condition(query.keyCondition))
            if let filter = query.filter {
                input["FilterExpression"] = .string(try expression.condition(filter))
            }
            if let projection = query.projection {
                input["ProjectionExpression"] = .string(try expression.projection(projection))
            }
            if let limit = query.limit {
                guard limit >= 1 else { throw .init(message: "a limit of \(limit); it must be at least 1") }
                input["Limit"] = .number(limit)
            }
            input["ScanIndexForward"] = .bool(query.ascending)
            if query.consistent { input["ConsistentRead"] = true }
            if let start = query.startKey { input["ExclusiveStartKey"] = try AttributeValue.json(start) }
            if query.countOnly { input["Select"] = "COUNT" }
        }
        return try await call(operation, input) { output throws(AWSError) in
            var items: [Item] = []
            for item in output["Items"]?.array ?? [] {
                if let item = try Self.item(item, operation) { items.append(item) }
            }
            return Page(
                items: items, count: output["Count"]?.int ?? items.count,
                lastKey: try Self.item(output["LastEvaluatedKey"], operation))
        }
    }

    private static func checkKeys(_ condition: Condition) throws(AttributeValue.Invalid) {
        switch condition {
        case .equals(let path, let value): try checkKey(path, value)
        case .and(let parts): for part in parts { try checkKeys(part) }
        default: break
        }
    }
}
