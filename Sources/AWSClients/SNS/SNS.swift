/// SNS (query protocol, version 2010-03-31).
public struct SNS: Sendable {
    /// A message attribute. Subscription filters match on strings and numbers.
    public enum Attribute: Sendable, Hashable {
        /// Not empty.
        case string(String)
        /// A number's text.
        case number(String)
        /// Bytes, not empty.
        case binary([UInt8])
        /// Strings; filters match when one of them does. Not for e-mail and SMS.
        case strings([String])
    }

    /// A message to publish.
    public struct Message: Sendable, Hashable {
        /// 1 byte to 256 KiB together with the attributes.
        public var text: String
        /// 1 to 100 printable ASCII characters; for e-mail.
        public var subject: String?
        /// Those beyond the tenth are lost where the subscription delivers raw messages to SQS.
        public var attributes: [String: Attribute] = [:]
        /// FIFO topics: messages of one group stay in order.
        public var groupID: String?
        /// FIFO topics: the same id within five minutes is the same message.
        public var deduplicationID: String?

        /// A message to publish.
        public init(
            _ text: String, subject: String? = nil, attributes: [String: Attribute] = [:],
            groupID: String? = nil, deduplicationID: String? = nil
        ) {
            self.text = text
            self.subject = subject
            self.attributes = attributes
            self.groupID = groupID
            self.deduplicationID = deduplicationID
        }
    }

    static let version = "2010-03-31"

    let client: AWSClient

    /// Calls through a client.
    public init(_ client: AWSClient) { self.client = client }

    /// The topic's ARN, also when it is there already. A name that ends in `.fifo` makes a FIFO topic.
    public func createTopic(_ name: String) async throws(AWSError) -> String {
        var form = QueryForm(Operation(.sns, "CreateTopic"), version: Self.version)
        form["Name"] = name
        if name.hasSuffix(".fifo") { form.addMap("Attributes", ["FifoTopic": "true"]) }
        return try await client.query(form, result: "TopicArn")
    }

    /// The subscription's ARN. `attributes` as SNS names them (`RawMessageDelivery`, `FilterPolicy`).
    public func subscribe(
        topicARN: String, protocol: String, endpoint: String, attributes: [String: String] = [:]
    ) async throws(AWSError) -> String {
        var form = QueryForm(Operation(.sns, "Subscribe"), version: Self.version)
        form["TopicArn"] = topicARN
        form["Protocol"] = `protocol`
        form["Endpoint"] = endpoint
        form["ReturnSubscriptionArn"] = "true"
        form.addMap("Attributes", attributes)
        return try await client.query(form, result: "SubscriptionArn")
    }

    /// One of a topic's subscriptions.
    public struct Subscription: Sendable, Hashable {
        /// `sqs`, `https`, `email`, ….
        public var `protocol`: String
        /// A queue's ARN, an address.
        public var endpoint: String
        /// Nothing is delivered before.
        public var isConfirmed: Bool

        /// As given.
        public init(protocol: String, endpoint: String, isConfirmed: Bool) {
            self.protocol = `protocol`
            self.endpoint = endpoint
            self.isConfirmed = isConfirmed
        }
    }

    /// The topic's first hundred subscriptions.
    public func subscriptions(ofTopic arn: String) async throws(AWSError) -> [Subscription] {
        let operation = Operation(.sns, "ListSubscriptionsByTopic")
        var form = QueryForm(operation, version: Self.version)
        form["TopicArn"] = arn
        return try await client.query(form) { result throws(AWSError) in
            guard let members = result["Subscriptions"]?.children else {
                throw operation.malformed("the answer has no Subscriptions")
            }
            return members.map {
                Subscription(
                    protocol: $0["Protocol"]?.text ?? "", endpoint: $0["Endpoint"]?.text ?? "",
                    isConfirmed: $0["SubscriptionArn"]?.text.hasPrefix("arn:") == true)
            }
        }
    }
}
