import JSON
public import Time

/// Messages with which a topic invoked the function itself.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
public struct SNSEvent: Sendable {
    /// One message.
    public struct Record: Sendable {
        /// The topic's id of it.
        public var messageID: String
        /// Where it was published.
        public var topicARN: String
        /// Absent for most messages.
        public var subject: String?
        /// As published.
        public var message: String
        /// When it was published.
        public var timestamp: Timestamp?
        /// Values as text; of a binary one its base64.
        public var messageAttributes: [String: String]
    }
    /// One, in practice.
    public var records: [Record]

    init(_ event: EventReader) throws(EventDecodingError) {
        records = []
        for record in try event.objects("Records") { records.append(try Record(record.object("Sns"))) }
    }
}

extension SNSEvent.Record {
    init(_ message: EventReader) throws(EventDecodingError) {
        messageID = try message.text("MessageId")
        topicARN = try message.text("TopicArn")
        subject = try message.optionalText("Subject")
        self.message = try message.text("Message")
        timestamp = message.time("Timestamp")
        messageAttributes = [:]
        for (name, value) in message.optional("MessageAttributes")?.object ?? [:] {
            if let text = value["Value"]?.string { messageAttributes[name] = text }
        }
    }
}
