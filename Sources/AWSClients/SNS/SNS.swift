import Crypto

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
    }

    /// SNS's default limit of message and attributes together.
    static let maximumMessageBytes = 262_144
    static let maximumSubjectCharacters = 100

    let client: AWSClient

    /// Calls through a client.
    public init(_ client: AWSClient) { self.client = client }

    /// Publishes to a topic. Gives the message id. `groupID` and `deduplicationID` for FIFO topics.
    @discardableResult
    public func publish(
        _ message: String, to topicARN: String, subject: String? = nil, attributes: [String: Attribute] = [:],
        groupID: String? = nil, deduplicationID: String? = nil
    ) async throws(AWSError) -> String {
        let operation = Operation(.sns, "Publish")
        try Self.check(message, subject, attributes, operation)
        var form = QueryForm(operation, version: "2010-03-31")
        form["TopicArn"] = topicARN
        form["Message"] = message
        form["Subject"] = subject
        form["MessageGroupId"] = groupID
        form["MessageDeduplicationId"] = deduplicationID
        for (index, (name, value)) in attributes.sorted(by: { $0.key < $1.key }).enumerated() {
            let entry = "MessageAttributes.entry.\(index + 1)"
            form["\(entry).Name"] = name
            form["\(entry).Value.DataType"] = value.dataType
            switch value {
            case .string(let text), .number(let text): form["\(entry).Value.StringValue"] = text
            case .binary(let bytes): form["\(entry).Value.BinaryValue"] = Base64.encode(bytes)
            }
        }
        return try await client.query(form, result: "MessageId")
    }

    /// The topic's ARN, also when it is there already. A name that ends in `.fifo` makes a FIFO topic.
    public func createTopic(_ name: String) async throws(AWSError) -> String {
        var form = QueryForm(Operation(.sns, "CreateTopic"), version: "2010-03-31")
        form["Name"] = name
        if name.hasSuffix(".fifo") { form.addMap("Attributes", ["FifoTopic": "true"]) }
        return try await client.query(form, result: "TopicArn")
    }

    /// The subscription's ARN. `attributes` as SNS names them (`RawMessageDelivery`, `FilterPolicy`).
    public func subscribe(
        topicARN: String, protocol: String, endpoint: String, attributes: [String: String] = [:]
    ) async throws(AWSError) -> String {
        var form = QueryForm(Operation(.sns, "Subscribe"), version: "2010-03-31")
        form["TopicArn"] = topicARN
        form["Protocol"] = `protocol`
        form["Endpoint"] = endpoint
        form["ReturnSubscriptionArn"] = "true"
        form.addMap("Attributes", attributes)
        return try await client.query(form, result: "SubscriptionArn")
    }

    private static func check(
        _ message: String, _ subject: String?, _ attributes: [String: Attribute], _ operation: Operation
    ) throws(AWSError) {
        if message.isEmpty { throw operation.invalid("the message is empty; SNS publishes none") }
        var size = message.utf8.count
        for (name, value) in attributes {
            if value.size == 0 { throw operation.invalid("the attribute \(name) is empty; SNS allows none") }
            size += name.utf8.count + value.dataType.utf8.count + value.size
        }
        if size > maximumMessageBytes {
            throw operation.invalid("message and attributes have \(size) bytes; at most 262,144 are allowed")
        }
        guard let subject else { return }
        if !(1...maximumSubjectCharacters).contains(subject.unicodeScalars.count) {
            throw operation.invalid(
                "a subject of \(subject.unicodeScalars.count) characters; 1 to 100 are allowed")
        }
        if !subject.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            throw operation.invalid(
                "the subject has a line break, a control character or something other than ASCII")
        }
    }
}

extension SNS.Attribute {
    fileprivate var dataType: String {
        switch self {
        case .string: "String"
        case .number: "Number"
        case .binary: "Binary"
        }
    }

    fileprivate var size: Int {
        switch self {
        case .string(let text), .number(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        }
    }
}
