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
        public var projection: [AttributePath]?
        /// COUNT only.
        public var countOnly = false

        /// All items of `table`, or of one of its indexes, that `keyCondition` names.
        public init(table: String, index: String? = nil, where keyCondition: Condition) {
            self.table = table
            self.index = index
            self.keyCondition = keyCondition
        }
    }

    /// One page.
    public func query(_ query: Query) async throws(AWSError) -> Page {
        let operation = Operation(.dynamoDB, "Query")
        let input = try Self.input(operation, query.table) {
            input, expression throws(AttributeValue.Invalid) in
            try Self.checkKeys(query.keyCondition)
            input["KeyConditionExpression"] = .string(try expression.condition(query.keyCondition))
            input["ScanIndexForward"] = .bool(query.ascending)
            try Self.fill(
                &input, &expression, query.index, query.filter, query.limit, query.consistent, query.startKey,
                query.projection, query.countOnly)
        }
        return try await page(operation, input)
    }

    private static func checkKeys(_ condition: Condition) throws(AttributeValue.Invalid) {
        switch condition {
        case .equals(let path, let value): try checkKey(path.text, value)
        case .and(let parts): for part in parts { try checkKeys(part) }
        default: break
        }
    }
}
