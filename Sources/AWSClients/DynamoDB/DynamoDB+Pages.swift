import JSON

extension DynamoDB {
    /// A page of a query or scan; it may be empty and not the last.
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

    /// All pages from a query's `startKey` on, each asked for when it is wanted.
    public func pages(_ query: Query) -> Pages {
        Pages(startKey: query.startKey) { key throws(AWSError) in
            var query = query
            query.startKey = key
            return try await self.query(query)
        }
    }

    /// All pages from a scan's `startKey` on, each asked for when it is wanted.
    public func pages(_ scan: Scan) -> Pages {
        Pages(startKey: scan.startKey) { key throws(AWSError) in
            var scan = scan
            scan.startKey = key
            return try await self.scan(scan)
        }
    }

    /// Pages one after another. Where a loop over them ends early, no further one is asked for.
    public struct Pages: AsyncSequence, Sendable {
        let startKey: Item?
        let fetch: @Sendable (Item?) async throws(AWSError) -> Page

        /// The items of all pages.
        public var items: Items { Items(pages: self) }

        /// Before the first page.
        public func makeAsyncIterator() -> Iterator { Iterator(pages: self, key: startKey) }

        /// Where a loop is.
        public struct Iterator: AsyncIteratorProtocol {
            let pages: Pages
            var key: Item?
            var isAtEnd = false

            /// The next page; nil after the one without a `lastKey`, and after an error.
            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(AWSError) -> Page? {
                if isAtEnd { return nil }
                isAtEnd = true
                let page = try await pages.fetch(key)
                key = page.lastKey
                isAtEnd = key == nil
                return page
            }
        }
    }

    /// Items one after another, across pages; empty pages are passed over.
    public struct Items: AsyncSequence, Sendable {
        let pages: Pages

        /// Before the first item.
        public func makeAsyncIterator() -> Iterator { Iterator(pages: pages.makeAsyncIterator()) }

        /// Where a loop is.
        public struct Iterator: AsyncIteratorProtocol {
            var pages: Pages.Iterator
            var items: ArraySlice<Item> = []

            /// The next item; nil at the end, and after an error.
            public mutating func next(
                isolation actor: isolated (any Actor)? = #isolation
            ) async throws(AWSError) -> Item? {
                while items.isEmpty {
                    guard let page = try await pages.next(isolation: actor) else { return nil }
                    items = page.items[...]
                }
                return items.removeFirst()
            }
        }
    }

    /// What queries and scans have in common.
    static func fill(
        _ input: inout JSON.Object, _ expression: inout Expression, _ index: String?, _ filter: Condition?,
        _ limit: Int?, _ consistent: Bool, _ startKey: Item?, _ projection: [AttributePath]?,
        _ countOnly: Bool
    ) throws(AttributeValue.Invalid) {
        if let index { input["IndexName"] = .string(index) }
        if let filter { input["FilterExpression"] = .string(try expression.condition(filter)) }
        if let projection { input["ProjectionExpression"] = .string(try expression.projection(projection)) }
        if let limit {
            guard limit >= 1 else { throw .init(message: "a limit of \(limit); it must be at least 1") }
            input["Limit"] = .number(limit)
        }
        if consistent { input["ConsistentRead"] = true }
        if let startKey { input["ExclusiveStartKey"] = try AttributeValue.json(startKey) }
        if countOnly { input["Select"] = "COUNT" }
    }

    func page(_ operation: Operation, _ input: JSON) async throws(AWSError) -> Page {
        try await call(operation, input) { output throws(AWSError) in
            let items = try Self.items(output["Items"], operation)
            return Page(
                items: items, count: output["Count"]?.int ?? items.count,
                lastKey: try Self.item(output["LastEvaluatedKey"], operation))
        }
    }
}
