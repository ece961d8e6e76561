import JSON

extension DynamoDB {
    /// Why a transaction could not do one of its actions
    /// (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#API_TransactWriteItems_Errors).
    public struct CancellationReason: Sendable, Hashable {
        /// Names the reason.
        public struct Code: RawRepresentable, Sendable, Hashable {
            /// As DynamoDB writes it.
            public let rawValue: String
            /// Any code, known here or not.
            public init(rawValue: String) { self.rawValue = rawValue }

            /// This action was not the hindrance.
            public static let none = Code(rawValue: "None")
            /// Its condition did not hold.
            public static let conditionalCheckFailed = Code(rawValue: "ConditionalCheckFailed")
            /// Another write to the item was going on: worth another try.
            public static let transactionConflict = Code(rawValue: "TransactionConflict")
            /// The items of one partition key would have more than 10 GB, indexes included.
            public static let itemCollectionSizeLimitExceeded = Code(
                rawValue: "ItemCollectionSizeLimitExceeded")
            /// The table's capacity is used up: worth another try.
            public static let provisionedThroughputExceeded = Code(rawValue: "ProvisionedThroughputExceeded")
            /// The table is being scaled: worth another try.
            public static let throttlingError = Code(rawValue: "ThrottlingError")
            /// It could not be done at all: a wrong type, an item too large.
            public static let validationError = Code(rawValue: "ValidationError")
        }

        /// Why.
        public var code: Code
        /// DynamoDB's words.
        public var message: String?
        /// The item that was there, when `returningOnFailure` asked for it.
        public var item: Item?

        /// As given.
        public init(code: Code, message: String? = nil, item: Item? = nil) {
            self.code = code
            self.message = message
            self.item = item
        }
    }
}

extension AWSError {
    /// Of `transactionCanceled`: a reason for each action, in their order; empty for other errors.
    public var cancellationReasons: [DynamoDB.CancellationReason] {
        (details?["CancellationReasons"]?.array ?? []).map { reason in
            DynamoDB.CancellationReason(
                code: .init(rawValue: reason["Code"]?.string ?? ""), message: reason["Message"]?.string,
                item: reason["Item"].flatMap { AttributeValue.item($0) })
        }
    }

    /// Of `conditionalCheckFailed`: the item that was there, when `returningOnFailure` asked for it.
    public var conditionFailureItem: Item? {
        guard code == .conditionalCheckFailed else { return nil }
        return details?["Item"].flatMap { AttributeValue.item($0) }
    }
}
