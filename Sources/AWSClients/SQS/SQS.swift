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
        /// FIFO queues: messages of one group stay in order. Such queues know no delay of a single message.
        public var groupID: String?
        /// FIFO queues: the same id within five minutes is the same message.
        public var deduplicationID: String?

        /// A message to send.
        public init(
            _ body: String, delay: Duration = .zero, attributes: [String: String] = [:],
            groupID: String? = nil, deduplicationID: String? = nil
        ) {
            self.body = body
            self.delay = delay
            self.attributes = attributes
            self.groupID = groupID
            self.deduplicationID = deduplicationID
        }
    }

    /// How many messages a queue has, as SQS estimates it.
    public struct Depth: Sendable, Hashable {
        /// To be received now.
        public var available: Int
        /// Received and not yet deleted or back.
        public var inFlight: Int
        /// Not to be received before their delay is over.
        public var delayed: Int

        /// As given.
        public init(available: Int, inFlight: Int, delayed: Int) {
            self.available = available
            self.inFlight = inFlight
            self.delayed = delayed
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

    /// How long the queue is.
    public func depth(of queueURL: String) async throws(AWSError) -> Depth {
        let attributes = try await attributes(
            of: queueURL,
            [
                "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ])
        func number(_ name: String) throws(AWSError) -> Int {
            guard let number = attributes[name].flatMap({ Int($0) }) else {
                throw Operation(.sqs, "GetQueueAttributes").malformed("the answer has no \(name)")
            }
            return number
        }
        return Depth(
            available: try number("ApproximateNumberOfMessages"),
            inFlight: try number("ApproximateNumberOfMessagesNotVisible"),
            delayed: try number("ApproximateNumberOfMessagesDelayed"))
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
