import JSON

extension DynamoDB {
    /// What a call cost on one table, its indexes included.
    public struct ConsumedCapacity: Sendable, Hashable {
        /// The table's name.
        public var table: String
        /// Capacity units of reading and writing together; transactions count twice.
        public var units: Double

        /// As given.
        public init(table: String, units: Double) {
            self.table = table
            self.units = units
        }

        /// One object for a single item, a list for batches and transactions.
        static func all(in output: JSON) -> [ConsumedCapacity] {
            guard let consumed = output["ConsumedCapacity"] else { return [] }
            return (consumed.array ?? [consumed]).compactMap { entry in
                guard let table = entry["TableName"]?.string, let units = entry["CapacityUnits"]?.double
                else {
                    return nil
                }
                return ConsumedCapacity(table: table, units: units)
            }
        }
    }
}
