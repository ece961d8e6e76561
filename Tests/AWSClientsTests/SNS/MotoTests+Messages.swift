import Testing

@testable import AWSClients

extension MotoTests {
    @Test func batchesGoFromAFIFOTopicThroughAFIFOQueue() async throws {
        let client = try await Self.client()
        let (sns, sqs) = (SNS(client), SQS(client))
        let topic = try await sns.createTopic("ordered.fifo")
        let queue = try await sqs.createQueue("ordered.fifo", attributes: ["FifoQueue": "true"])
        let arn = try #require(try await sqs.attributes(of: queue)["QueueArn"])
        _ = try await sns.subscribe(
            topicARN: topic, protocol: "sqs", endpoint: arn, attributes: ["RawMessageDelivery": "true"])
        let failures = try await sns.publish(
            batch: (1...3).map {
                .init(
                    "\($0) & <b>", attributes: ["n": .number("\($0)")], groupID: "g",
                    deduplicationID: "d\($0)")
            }, to: topic)
        #expect(failures == [])
        #expect(
            try await sqs.send(
                batch: [.init("4", groupID: "g", deduplicationID: "d4")], to: queue) == [])
        #expect(try await sqs.depth(of: queue) == SQS.Depth(available: 4, inFlight: 0, delayed: 0))
        let messages = try await sqs.receive(from: queue, wait: .seconds(1))
        #expect(messages.map(\.body) == ["1 & <b>", "2 & <b>", "3 & <b>", "4"])
        #expect(messages.allSatisfy { $0.attributes["MessageGroupId"] == "g" })
        #expect(try await sqs.depth(of: queue).inFlight == 4)
        #expect(try await sqs.delete(batch: messages.map(\.receiptHandle), from: queue) == [])
    }
}
