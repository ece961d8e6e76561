import Crypto

extension SNS {
    /// Publishes to a topic. Gives the message id. `groupID` and `deduplicationID` for FIFO topics.
    @discardableResult
    public func publish(
        _ text: String, to topicARN: String, subject: String? = nil, attributes: [String: Attribute] = [:],
        groupID: String? = nil, deduplicationID: String? = nil
    ) async throws(AWSError) -> String {
        let operation = Operation(.sns, "Publish")
        let message = Message(
            text, subject: subject, attributes: attributes, groupID: groupID,
            deduplicationID: deduplicationID)
        try message.check(operation)
        var form = QueryForm(operation, version: Self.version)
        form["TopicArn"] = topicARN
        message.write(to: &form, prefix: "")
        return try await client.query(form, result: "MessageId")
    }

    /// Publishes 1 to 10 messages, together at most 256 KiB, and those again that failed by no fault of theirs and
    /// have no group. Gives those that failed in the end.
    public func publish(
        batch messages: [Message], to topicARN: String
    ) async throws(AWSError) -> [BatchFailure] {
        let operation = Operation(.sns, "PublishBatch")
        guard (1...Self.maximumBatch).contains(messages.count) else {
            throw operation.invalid("a batch of \(messages.count) messages; 1 to 10 are allowed")
        }
        for message in messages { try message.check(operation) }
        let size = messages.reduce(0) { $0 + $1.size }
        if size > Self.maximumMessageBytes {
            throw operation.invalid("the batch has \(size) bytes; at most 262,144 are allowed")
        }
        return try await client.sendBatch(
            operation, count: messages.count, isOrdered: { messages[$0].groupID != nil }
        ) { pending throws(AWSError) in
            var form = QueryForm(operation, version: Self.version)
            form["TopicArn"] = topicARN
            for (position, index) in pending.enumerated() {
                let entry = "PublishBatchRequestEntries.member.\(position + 1)."
                form[entry + "Id"] = "\(index)"
                messages[index].write(to: &form, prefix: entry)
            }
            return try await client.query(form) { result in
                (result["Failed"]?.children ?? []).map { failed in
                    BatchFailure(
                        index: failed["Id"].flatMap { Int($0.text) } ?? -1, code: failed["Code"]?.text ?? "",
                        message: failed["Message"]?.text ?? "",
                        senderFault: failed["SenderFault"]?.text == "true")
                }
            }
        }
    }
}

extension SNS.Message {
    fileprivate func write(to form: inout QueryForm, prefix: String) {
        form[prefix + "Message"] = text
        form[prefix + "Subject"] = subject
        form[prefix + "MessageGroupId"] = groupID
        form[prefix + "MessageDeduplicationId"] = deduplicationID
        for (index, (name, value)) in attributes.sorted(by: { $0.key < $1.key }).enumerated() {
            let entry = "\(prefix)MessageAttributes.entry.\(index + 1)"
            form["\(entry).Name"] = name
            form["\(entry).Value.DataType"] = value.dataType
            if case .binary(let bytes) = value {
                form["\(entry).Value.BinaryValue"] = Base64.encode(bytes)
            } else {
                form["\(entry).Value.StringValue"] = value.text
            }
        }
    }
}
