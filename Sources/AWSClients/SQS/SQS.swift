import JSON

/// SQS (awsJson1_0, version 2012-11-05).
public struct SQS: Sendable {
    /// A message as received; it comes back after its visibility timeout unless it is deleted.
    public struct Message: Sendable {
        /// The same at every delivery.
        public var messageID: String
        /// This delivery's own: what deletes it or changes its visibility.
        public var receiptHandle: String
        /// The text as sent.
        public var body: String
        /// SQS's own (`ApproximateReceiveCount`, `SentTimestamp`).
        public var attributes: [String: String]
        /// The sender's, those of type String and Number.
        public var messageAttributes: [String: String]

        /// A message as given.
        public init(
            messageID: String, receiptHandle: String, body: String, attributes: [String: String] = [:],
            messageAttributes: [String: String] = [:]
        ) {
            self.messageID = messageID
            self.receiptHandle = receiptHandle
            self.body = body
            self.attributes = attributes
            self.messageAttributes = messageAttributes
        }
    }

    /// A message to send.
    public struct Entry: Sendable {
        /// 1 byte to 1 MiB of characters that XML allows.
        public var body: String
        /// Whole seconds up to 900.
        public var delay: Duration
        /// Sent as String attributes, at most 10.
        public var attributes: [String: String]

        /// A message to send.
        public init(_ body: String, delay: Duration = .zero, attributes: [String: String] = [:]) {
            self.body = body
            self.delay = delay
            self.attributes = attributes
        }
    }

    /// An entry of a batch that failed inside a 200.
    public struct Failure: Sendable, Hashable {
        /// Which of the batch.
        public var index: Int
        /// SQS's code.
        public var code: String
        /// SQS's words.
        public var message: String
        /// False: worth another try.
        public var senderFault: Bool

        /// A failure as given.
        public init(index: Int, code: String, message: String, senderFault: Bool) {
            self.index = index
            self.code = code
            self.message = message
            self.senderFault = senderFault
        }
    }

    let client: AWSClient

    /// Calls through a client. They go to the client's endpoint; the queue's address is sent as its name.
    public init(_ client: AWSClient) { self.client = client }

    /// The queue's address, also when it is there already with the same attributes. `attributes` as SQS names them
    /// (`RedrivePolicy`, `VisibilityTimeout`).
    public func createQueue(_ name: String, attributes: [String: String] = [:]) async throws(AWSError)
        -> String
    {
        let operation = Operation(.sqs, "CreateQueue")
        var input: JSON.Object = ["QueueName": .string(name)]
        if !attributes.isEmpty { input["Attributes"] = Self.object(attributes) }
        return try await call(operation, input) { output throws(AWSError) in
            guard let url = output["QueueUrl"]?.string else {
                throw operation.malformed("the answer has no QueueUrl")
            }
            return url
        }
    }

    /// A queue's attributes as SQS names them (`ApproximateNumberOfMessages`), all or those asked for.
    public func attributes(
        of queueURL: String, _ names: [String] = ["All"]
    ) async throws(AWSError) -> [String: String] {
        let input: JSON.Object = [
            "QueueUrl": .string(queueURL), "AttributeNames": .array(names.map { .string($0) }),
        ]
        return try await call(Operation(.sqs, "GetQueueAttributes"), input) { Self.strings($0["Attributes"]) }
    }

    func call<Output: Sendable>(
        _ operation: Operation, _ input: JSON.Object, longPoll: Duration = .zero,
        decode: (JSON) throws(AWSError) -> Output
    ) async throws(AWSError) -> Output {
        try await client.json(
            operation, target: "AmazonSQS", .object(input), longPoll: longPoll, decode: decode)
    }

    static func object(_ map: [String: String]) -> JSON {
        var object = JSON.Object()
        for (name, value) in map.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
        return .object(object)
    }

    static func strings(_ json: JSON?) -> [String: String] {
        var map: [String: String] = [:]
        for (name, value) in json?.object ?? [:] { map[name] = value.string }
        return map
    }
}
