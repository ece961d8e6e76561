import JSON
import LambdaRuntime
import Testing
import Time

@Suite struct SQSEventTests {
    private func batch(_ bytes: [UInt8]) throws -> SQSEvent {
        guard case .sqs(let event) = try LambdaEvent(decoding: bytes) else { throw Samples.OtherKind() }
        return event
    }

    @Test func `a batch`() throws {
        let record = try #require(try batch(Samples.bytes("lambda-go/sqs-event.json")).records.first)
        #expect(record.messageID == "MessageID_1")
        #expect(record.receiptHandle == "MessageReceiptHandle")
        #expect(record.body == "Message Body")
        #expect(record.approximateReceiveCount == 2)
        #expect(record.sentTimestamp == Timestamp(milliseconds: 1_520_621_625_029))
        #expect(record.attributes["SenderId"] == "AROAIWPX5BD2BHG722MW4:sender")
        #expect(record.messageAttributes == ["Attribute1": "AttributeValue1", "Attribute2": "123"])
        #expect(record.queueARN == "arn:aws:sqs:us-west-2:123456789012:SQSQueue")
        #expect(record.queueName == "SQSQueue")
    }

    @Test func `a batch of SAM's`() throws {
        let bytes = try Samples.bytes("sam/sqs/Sqs.json", body: "hello")
        let record = try #require(try batch(bytes).records.first)
        #expect(record.messageID == "19dd0b57-b21e-4ac1-bd88-01bbb068cb78")
        #expect(record.body == "hello")
        #expect(record.approximateReceiveCount == 1)
        #expect(record.messageAttributes.isEmpty)
        #expect(record.queueName == "MyQueue")
    }

    @Test func `numbers that are none, and attributes that are not there`() throws {
        let bytes: JSON = [
            "Records": [
                [
                    "messageId": "1", "body": "", "eventSource": "aws:sqs",
                    "attributes": ["ApproximateReceiveCount": "many", "SentTimestamp": "soon"],
                    "messageAttributes": nil,
                ],
                ["messageId": "2", "body": "", "eventSource": "aws:sqs"],
            ]
        ]
        let records = try batch(bytes.serialized()).records
        #expect(records.map(\.approximateReceiveCount) == [1, 1])
        #expect(records.map(\.sentTimestamp) == [nil, nil])
        #expect(records.map(\.queueName) == ["", ""])
    }

    @Test func `partial failures are named`() {
        #expect(
            String(decoding: SQSEvent.response(failed: []), as: UTF8.self) == #"{"batchItemFailures":[]}"#)
        #expect(
            String(decoding: SQSEvent.response(failed: ["a", "b\""]), as: UTF8.self)
                == #"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b\""}]}"#)
    }
}

@Suite struct SNSEventTests {
    private func message(_ bytes: [UInt8]) throws -> SNSEvent.Record {
        guard case .sns(let event) = try LambdaEvent(decoding: bytes) else { throw Samples.OtherKind() }
        #expect(event.records.count == 1)
        return try #require(event.records.first)
    }

    @Test func `a message`() throws {
        let record = try message(Samples.bytes("lambda-go/sns-event.json"))
        #expect(record.messageID == "95df01b4-ee98-5cb9-9903-4c221d41eb5e")
        #expect(record.topicARN == "arn:aws:sns:EXAMPLE")
        #expect(record.subject == "TestInvoke")
        #expect(record.message == "Hello from SNS!")
        #expect(record.timestamp?.rfc3339 == "2015-06-03T17:43:27.123Z")
        #expect(record.messageAttributes == ["Test": "TestString", "TestBinary": "TestBinary"])
    }

    @Test func `a message of SAM's`() throws {
        let record = try message(Samples.bytes("sam/sns/Sns.json"))
        #expect(record.topicARN == "arn:aws:sns:us-east-1:123456789012:ExampleTopic")
        #expect(record.subject == "example subject")
        #expect(record.timestamp == Timestamp(milliseconds: 0))
    }

    @Test(arguments: [[:], ["Subject": nil]] as [JSON.Object])
    func `most messages have no subject`(extra: JSON.Object) throws {
        var sns: JSON.Object = ["MessageId": "1", "TopicArn": "t", "Message": ""]
        for (name, value) in extra { sns[name] = value }
        let event: JSON = ["Records": [["EventSource": "aws:sns", "Sns": .object(sns)]]]
        let record = try message(event.serialized())
        #expect(record.subject == nil)
        #expect(record.timestamp == nil)
        #expect(record.messageAttributes.isEmpty)
    }
}

@Suite struct ScheduledEventTests {
    private func scheduled(_ bytes: [UInt8]) throws -> ScheduledEvent {
        guard case .scheduled(let event) = try LambdaEvent(decoding: bytes) else { throw Samples.OtherKind() }
        return event
    }

    @Test func `a rule's event`() throws {
        let event = try scheduled(Samples.bytes("sam/cloudwatch/ScheduledEvent.json"))
        #expect(event.id == "cdc73f9d-aea9-11e3-9d5a-835b769c0d9c")
        #expect(event.detailType == "Scheduled Event")
        #expect(event.time == Timestamp(milliseconds: 0))
        #expect(event.resources == ["arn:aws:events:us-east-1:123456789012:rule/ExampleRule"])
        #expect(event.detail == [:])
    }

    @Test func `a scheduler's event, whose detail is text`() throws {
        let event: JSON = [
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "time": "2026-11-21T05:26:00Z",
            "resources": ["arn:aws:scheduler:us-east-1:1:schedule/default/sweep"],
            "detail": "{}",
        ]
        #expect(try scheduled(event.serialized()).detail == "{}")
        #expect(try scheduled(event.serialized()).time?.rfc3339 == "2026-11-21T05:26:00.000Z")
    }
}
