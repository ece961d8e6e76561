import JSON

extension DynamoDB {
    /// What to read of a whole table or index. Every item is read and paid for, whatever the filter.
    public struct Scan: Sendable {
        /// The table's name.
        public var table: String
        /// Instead of the table itself; such reads lag.
        public var index: String?
        /// Applied after `limit`, and not for free.
        public var filter: Condition?
        /// Items read, before the filter, a page; nil is as many as fit in 1 MB.
        public var limit: Int?
        /// Not possible on a global index.
        public var consistent = false
        /// The last page's `lastKey`.
        public var startKey: Item?
        /// The attributes wanted; nil is all.
        public var projection: [AttributePath]?
        /// COUNT only.
        public var countOnly = false
        /// One of several parts that are scanned at once: `number` from 0, `count` up to 1,000,000.
        public var segment: (number: Int, count: Int)?

        /// All items of `table`, or of one of its indexes.
        public init(table: String, index: String? = nil) {
            self.table = table
            self.index = index
        }
    }

    /// One page.
    public func scan(_ scan: Scan) async throws(AWSError) -> Page {
        let operation = Operation(.dynamoDB, "Scan")
        let input = try Self.input(operation, scan.table) {
            input, expression throws(AttributeValue.Invalid) in
            if let segment = scan.segment {
                guard (1...1_000_000).contains(segment.count), (0..<segment.count).contains(segment.number)
                else {
                    throw .init(
                        message:
                            "segment \(segment.number) of \(segment.count); 0 up to 1,000,000 are allowed")
                }
                input["Segment"] = .number(segment.number)
                input["TotalSegments"] = .number(segment.count)
            }
            try Self.fill(
                &input, &expression, scan.index, scan.filter, scan.limit, scan.consistent, scan.startKey,
                scan.projection, scan.countOnly)
        }
        return try await page(operation, input)
    }
}
