import JSON

extension SQS {
    /// Sends one message. Gives its id.
    @discardableResult
    public func send(
        _ body: String, to queueURL: String, delay: Duration = .zero, attributes: [String: String] = [:]
    ) async throws(AWSError) -> String {
        try await send(Entry(body, delay: delay, attributes: attributes), to: queueURL)
    }

    /// Sends one message. Gives its id.
    @discardableResult
    public func send(_ entry: Entry, to queueURL: String) async throws(AWSError) -> String {
        let operation = Operation(.sqs, "SendMessage")
        var input = try Self.input(entry, operation)
        input["QueueUrl"] = .string(queueURL)
        return try await call(operation, input) { output throws(AWSError) in
            guard let id = output["MessageId"]?.string else {
                throw operation.malformed("the answer has no MessageId")
            }
            return id
        }
    }

    /// Sends 1 to 10 messages, and those again that failed by no fault of theirs and have no group. Gives those that
    /// failed in the end.
    public func send(batch: [Entry], to queueURL: String) async throws(AWSError) -> [BatchFailure] {
        let operation = Operation(.sqs, "SendMessageBatch")
        let size = batch.reduce(0) { $0 + Self.size($1) }
        if size > Self.maximumMessageBytes {
            throw operation.invalid("the batch has \(size) bytes; at most 1,048,576 are allowed")
        }
        return try await sendBatch(
            operation, batch, queueURL, isOrdered: { batch[$0].groupID != nil }
        ) { entry throws(AWSError) in
            try Self.input(entry, operation)
        }
    }

    /// Up to `maximum` (1 to 10) messages, after waiting up to 20 s for the first.
    public func receive(
        from queueURL: String, maximum: Int = 10, wait: Duration = .zero, visibilityTimeout: Duration? = nil
    ) async throws(AWSError) -> [Message] {
        let operation = Operation(.sqs, "ReceiveMessage")
        guard (1...10).contains(maximum) else {
            throw operation.invalid("\(maximum) messages at once; 1 to 10 are allowed")
        }
        var input: JSON.Object = [
            "QueueUrl": .string(queueURL), "MaxNumberOfMessages": .number(maximum),
            "WaitTimeSeconds": .number(try Self.seconds(wait, "a wait", upTo: Self.maximumWait, operation)),
            "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"],
        ]
        if let visibilityTimeout {
            input["VisibilityTimeout"] = .number(
                try Self.seconds(
                    visibilityTimeout, "a visibility timeout", upTo: Self.maximumVisibility, operation))
        }
        return try await call(operation, input, longPoll: wait) { output throws(AWSError) in
            var messages: [Message] = []
            for message in output["Messages"]?.array ?? [] {
                messages.append(try Self.message(message, operation))
            }
            return messages
        }
    }

    /// Deletes a message by its last delivery's handle.
    public func delete(receiptHandle: String, from queueURL: String) async throws(AWSError) {
        let input: JSON.Object = [
            "QueueUrl": .string(queueURL), "ReceiptHandle": .string(receiptHandle),
        ]
        try await call(Operation(.sqs, "DeleteMessage"), input) { _ in }
    }

    /// Deletes 1 to 10 messages; as `send(batch:to:)` does it.
    public func delete(batch receiptHandles: [String], from queueURL: String) async throws(AWSError)
        -> [BatchFailure]
    {
        try await sendBatch(Operation(.sqs, "DeleteMessageBatch"), receiptHandles, queueURL) {
            ["ReceiptHandle": .string($0)]
        }
    }

    /// When the message comes back, counted from now: 0 s to 12 h.
    public func changeVisibility(
        receiptHandle: String, of queueURL: String, to timeout: Duration
    ) async throws(AWSError) {
        let operation = Operation(.sqs, "ChangeMessageVisibility")
        var input = try Self.visibility(receiptHandle, timeout, operation)
        input["QueueUrl"] = .string(queueURL)
        try await call(operation, input) { _ in }
    }

    /// When 1 to 10 messages come back; as `send(batch:to:)` does it.
    public func changeVisibility(
        batch: [(receiptHandle: String, timeout: Duration)], of queueURL: String
    ) async throws(AWSError) -> [BatchFailure] {
        let operation = Operation(.sqs, "ChangeMessageVisibilityBatch")
        return try await sendBatch(operation, batch, queueURL) { entry throws(AWSError) in
            try Self.visibility(entry.receiptHandle, entry.timeout, operation)
        }
    }

    private func sendBatch<Element>(
        _ operation: Operation, _ elements: [Element], _ queueURL: String,
        isOrdered: (Int) -> Bool = { _ in false }, entry: (Element) throws(AWSError) -> JSON.Object
    ) async throws(AWSError) -> [BatchFailure] {
        try Self.check(batchOf: elements.count, operation)
        var entries: [JSON] = []
        for (index, element) in elements.enumerated() {
            var object = try entry(element)
            object["Id"] = .string("\(index)")
            entries.append(.object(object))
        }
        return try await client.sendBatch(operation, count: elements.count, isOrdered: isOrdered) {
            pending throws(AWSError) in
            let input: JSON.Object = [
                "QueueUrl": .string(queueURL), "Entries": .array(pending.map { entries[$0] }),
            ]
            return try await call(operation, input) { output in
                (output["Failed"]?.array ?? []).map { failed in
                    BatchFailure(
                        index: failed["Id"]?.string.flatMap { Int($0) } ?? -1,
                        code: failed["Code"]?.string ?? "", message: failed["Message"]?.string ?? "",
                        senderFault: failed["SenderFault"]?.bool ?? false)
                }
            }
        }
    }

    private static func input(_ entry: Entry, _ operation: Operation) throws(AWSError) -> JSON.Object {
        try check(entry, operation)
        var input: JSON.Object = ["MessageBody": .string(entry.body)]
        let delay = try seconds(entry.delay, "a delay", upTo: maximumDelay, operation)
        if delay > 0 { input["DelaySeconds"] = .number(delay) }
        if let group = entry.groupID { input["MessageGroupId"] = .string(group) }
        if let id = entry.deduplicationID { input["MessageDeduplicationId"] = .string(id) }
        if !entry.attributes.isEmpty {
            var attributes = JSON.Object()
            for (name, value) in entry.attributes.sorted(by: { $0.key < $1.key }) {
                attributes[name] = ["DataType": "String", "StringValue": .string(value)]
            }
            input["MessageAttributes"] = .object(attributes)
        }
        return input
    }

    private static func visibility(
        _ receiptHandle: String, _ timeout: Duration, _ operation: Operation
    ) throws(AWSError) -> JSON.Object {
        [
            "ReceiptHandle": .string(receiptHandle),
            "VisibilityTimeout": .number(
                try seconds(timeout, "a visibility timeout", upTo: maximumVisibility, operation)),
        ]
    }

    private static func message(_ json: JSON, _ operation: Operation) throws(AWSError) -> Message {
        guard let id = json["MessageId"]?.string, let handle = json["ReceiptHandle"]?.string,
            let body = json["Body"]?.string
        else { throw operation.malformed("a message without MessageId, ReceiptHandle or Body") }
        var attributes: [String: String] = [:]
        for (name, value) in json["MessageAttributes"]?.object ?? [:] {
            attributes[name] = value["StringValue"]?.string
        }
        return Message(
            messageID: id, receiptHandle: handle, body: body, attributes: strings(json["Attributes"]),
            messageAttributes: attributes)
    }
}
