import AWSClients
import JSON

/// SQS messages as a Lambda event, and what the function's answer says of each.
enum QueueEvent {
    /// `{"Records": […]}` as Lambda delivers it.
    static func document(_ messages: [SQS.Message], queueARN: String, region: String) -> JSON {
        let records = messages.map { message -> JSON in
            [
                "messageId": .string(message.messageID),
                "receiptHandle": .string(message.receiptHandle),
                "body": .string(message.body),
                "attributes": object(message.attributes) { .string($0) },
                "messageAttributes": object(message.messageAttributes) {
                    [
                        "stringValue": .string($0), "stringListValues": [], "binaryListValues": [],
                        "dataType": "String",
                    ]
                },
                "eventSource": "aws:sqs",
                "eventSourceARN": .string(queueARN),
                "awsRegion": .string(region),
            ]
        }
        return ["Records": .array(records)]
    }

    private static func object(_ values: [String: String], _ make: (String) -> JSON) -> JSON {
        var object: JSON.Object = [:]
        for (name, value) in values.sorted(by: { $0.key < $1.key }) { object[name] = make(value) }
        return .object(object)
    }

    /// The ids of the messages that go back to the queue, by the rules of `ReportBatchItemFailures`
    /// (docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html): a function error, an answer that is no
    /// JSON, and an id that is empty, null or of no message of the batch fail all of it; an absent, null or empty list fails none.
    static func failedMessages(of ids: [String], after outcome: InvocationOutcome) -> Set<String> {
        let all = Set(ids)
        guard case .response(let bytes) = outcome else { return all }
        if bytes.isEmpty { return [] }
        guard let json = try? JSON(parsing: bytes) else { return all }
        switch json["batchItemFailures"] {
        case nil, .some(.null): return []
        case .some(.array(let failures)):
            var failed: Set<String> = []
            for failure in failures {
                guard let id = failure["itemIdentifier"]?.string, all.contains(id) else { return all }
                failed.insert(id)
            }
            return failed
        case .some: return all
        }
    }
}
