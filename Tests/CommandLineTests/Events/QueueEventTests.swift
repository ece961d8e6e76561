import AWSClients
import JSON
import LambdaRuntime
import Testing
import Time

@testable import comfy_lambda

@Suite struct QueueEventTests {
    private static let failure = InvocationOutcome.failure(FunctionFailure(type: "T", message: "m"))

    private static let cases: [(String, Set<String>)] = [
        ("", []), ("{}", []), ("null", []), (#"{"batchItemFailures":null}"#, []),
        (#"{"batchItemFailures":[]}"#, []),
        (#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#, ["b"]),
        (#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}"#, ["a", "c"]),
        (#"{"batchItemFailures":[{"itemIdentifier":"other"}]}"#, ["a", "b", "c"]),
        (#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":""}]}"#, ["a", "b", "c"]),
        (#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, ["a", "b", "c"]),
        (#"{"batchItemFailures":[{"wrongKey":"a"}]}"#, ["a", "b", "c"]),
        (#"{"batchItemFailures":"a"}"#, ["a", "b", "c"]),
        ("no json", ["a", "b", "c"]),
    ]

    @Test(arguments: cases)
    func theAnswerSaysWhatGoesBack(answer: String, failed: Set<String>) {
        let outcome = InvocationOutcome.response(Array(answer.utf8))
        #expect(QueueEvent.failedMessages(of: ["a", "b", "c"], after: outcome) == failed)
    }

    @Test func aFunctionErrorPutsAllBack() {
        #expect(QueueEvent.failedMessages(of: ["a", "b"], after: Self.failure) == ["a", "b"])
    }

    @Test func theRuntimeReadsWhatIsDelivered() throws {
        let message = SQS.Message(
            messageID: "m-1", receiptHandle: "handle", body: "ding",
            attributes: ["ApproximateReceiveCount": "2", "SentTimestamp": "1763697124702"],
            messageAttributes: ["kind": "bell"])
        let document = QueueEvent.document(
            [message], queueARN: "arn:aws:sqs:us-east-1:123456789012:work", region: "us-east-1")
        #expect(document["Records"]?[0]?["eventSource"] == "aws:sqs")
        #expect(document["Records"]?[0]?["awsRegion"] == "us-east-1")
        guard case .sqs(let event) = try LambdaEvent(decoding: document.serialized()) else {
            Issue.record("not an SQS event")
            return
        }
        let record = try #require(event.records.first)
        #expect(record.messageID == "m-1")
        #expect(record.body == "ding")
        #expect(record.approximateReceiveCount == 2)
        #expect(record.sentTimestamp?.milliseconds == 1_763_697_124_702)
        #expect(record.messageAttributes == ["kind": "bell"])
        #expect(record.queueName == "work")
    }
}
