import JSON
public import Time

/// A batch that an event source mapping took from a queue.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
public struct SQSEvent: Sendable {
    /// One message.
    public struct Record: Sendable {
        /// What a partial failure names.
        public var messageID: String
        /// Needed to delete the message; the event source mapping does that.
        public var receiptHandle: String
        /// As sent.
        public var body: String
        /// 1 at the first delivery.
        public var approximateReceiveCount: Int
        /// When it was sent.
        public var sentTimestamp: Timestamp?
        /// System attributes, as text.
        public var attributes: [String: String]
        /// The sender's attributes that have a string value.
        public var messageAttributes: [String: String]
        /// Whose message it is.
        public var queueARN: String
        /// The last part of `queueARN`.
        public var queueName: String { String(queueARN.split(separator: ":").last ?? "") }
    }
    /// At least one.
    public var records: [Record]

    init(_ event: EventReader) throws(EventDecodingError) {
        records = []
        for record in try event.objects("Records") { records.append(try Record(record)) }
    }

    /// `{"batchItemFailures": …}`: these messages come again; an empty list says that all went well.
    public static func response(failed messageIDs: [String]) -> [UInt8] {
        let failures = messageIDs.map { JSON.object(["itemIdentifier": .string($0)]) }
        return JSON.object(["batchItemFailures": .array(failures)]).serialized()
    }
}

extension SQSEvent.Record {
    init(_ record: EventReader) throws(EventDecodingError) {
        messageID = try record.text("messageId")
        receiptHandle = try record.optionalText("receiptHandle") ?? ""
        body = try record.text("body")
        queueARN = try record.optionalText("eventSourceARN") ?? ""
        attributes = Dictionary(
            try record.pairs("attributes")?.map { ($0.name, $0.value) } ?? [],
            uniquingKeysWith: { $1 })
        approximateReceiveCount = attributes["ApproximateReceiveCount"].flatMap { Int($0) } ?? 1
        sentTimestamp = attributes["SentTimestamp"].flatMap { Int64($0) }
            .map { Timestamp(milliseconds: $0) }
        messageAttributes = [:]
        for (name, value) in record.optional("messageAttributes")?.object ?? [:] {
            if let text = value["stringValue"]?.string { messageAttributes[name] = text }
        }
    }
}
