import JSON
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct SQSTests {
    private func json(_ text: String) throws -> JSON { try JSON(parsing: text) }

    @Test func sendTellsDelayAndAttributes() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], #"{"MessageId":"id"}"#) }
        let id = try await SQS(server.client()).send(
            "body", to: "http://q/1/n", delay: .milliseconds(1500), attributes: ["kind": "doorbell"])
        #expect(id == "id")
        #expect(server.requests[0].headers["x-amz-target"] == "AmazonSQS.SendMessage")
        #expect(
            server.requests[0].json
                == (try json(
                    #"{"MessageBody":"body","DelaySeconds":2,"#
                        + #""MessageAttributes":{"kind":{"DataType":"String","StringValue":"doorbell"}},"#
                        + #""QueueUrl":"http://q/1/n"}"#)))
    }

    @Test func receiveReadsMessages() async throws {
        let answer = #"""
            {"Messages":[{"MessageId":"m","ReceiptHandle":"h","Body":"b","MD5OfBody":"x",
            "Attributes":{"ApproximateReceiveCount":"3"},
            "MessageAttributes":{"kind":{"DataType":"String","StringValue":"doorbell"}}}]}
            """#
        let server = try StrictServer { _, number in .answer(200, [:], number == 0 ? answer : "{}") }
        let sqs = SQS(try server.client())
        let messages = try await sqs.receive(
            from: "q", maximum: 5, wait: .seconds(20), visibilityTimeout: .seconds(60))
        let message = try #require(messages.first)
        #expect(message.messageID == "m")
        #expect(message.receiptHandle == "h")
        #expect(message.body == "b")
        #expect(message.attributes == ["ApproximateReceiveCount": "3"])
        #expect(message.messageAttributes == ["kind": "doorbell"])
        #expect(
            server.requests[0].json
                == (try json(
                    #"{"QueueUrl":"q","MaxNumberOfMessages":5,"WaitTimeSeconds":20,"MessageSystemAttributeNames":["All"],"#
                        + #""MessageAttributeNames":["All"],"VisibilityTimeout":60}"#)))
        #expect(try await sqs.receive(from: "q").isEmpty)
    }

    @Test func failedEntriesOfABatchAreGivenBack() async throws {
        let server = try StrictServer { _, _ in
            .answer(
                200, [:],
                #"{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"InvalidMessageContents","Message":"no","SenderFault":true}]}"#
            )
        }
        let sqs = SQS(try server.client())
        let failure = BatchFailure(index: 1, code: "InvalidMessageContents", message: "no", senderFault: true)
        #expect(
            try await sqs.send(batch: [.init("a"), .init("b", delay: .seconds(3))], to: "q") == [failure])
        #expect(try await sqs.delete(batch: ["h0", "h1"], from: "q") == [failure])
        #expect(
            try await sqs.changeVisibility(batch: [("h0", .zero), ("h1", .seconds(9))], of: "q") == [failure])
        #expect(
            server.requests.map(\.json) == [
                try json(
                    #"{"QueueUrl":"q","Entries":[{"MessageBody":"a","Id":"0"},{"MessageBody":"b","DelaySeconds":3,"Id":"1"}]}"#
                ),
                try json(
                    #"{"QueueUrl":"q","Entries":[{"ReceiptHandle":"h0","Id":"0"},{"ReceiptHandle":"h1","Id":"1"}]}"#
                ),
                try json(
                    #"{"QueueUrl":"q","Entries":[{"ReceiptHandle":"h0","VisibilityTimeout":0,"Id":"0"},"#
                        + #"{"ReceiptHandle":"h1","VisibilityTimeout":9,"Id":"1"}]}"#),
            ])
    }

    @Test func onlyTheEntriesThatFailedAreSentAgain() async throws {
        // Entry 1 is refused for good, entry 2 twice by the service's own fault.
        let server = try StrictServer { request, number in
            let failed = (request.json["Entries"]?.array ?? []).compactMap { entry -> String? in
                switch entry["Id"]?.string {
                case "1": #"{"Id":"1","Code":"InvalidMessageContents","Message":"no","SenderFault":true}"#
                case "2" where number < 2: #"{"Id":"2","Code":"InternalError","SenderFault":false}"#
                default: nil
                }
            }
            return .answer(200, [:], #"{"Failed":["# + failed.joined(separator: ",") + "]}")
        }
        let clock = FakeClock()
        let sqs = SQS(try server.client(clock: clock))
        let failures = try await sqs.send(batch: [.init("a"), .init("b"), .init("c")], to: "q")
        #expect(
            failures == [
                BatchFailure(index: 1, code: "InvalidMessageContents", message: "no", senderFault: true)
            ])
        #expect(
            server.requests.map { ($0.json["Entries"]?.array ?? []).compactMap { $0["MessageBody"]?.string } }
                == [["a", "b", "c"], ["c"], ["c"]])
        #expect(clock.sleeps == [.milliseconds(25), .milliseconds(50)])
    }

    @Test func entriesThatFailToTheEndAreGivenBack() async throws {
        let server = try StrictServer { _, _ in
            .answer(200, [:], #"{"Failed":[{"Id":"0","Code":"RequestThrottled","SenderFault":true}]}"#)
        }
        let clock = FakeClock()
        let failures = try await SQS(server.client(clock: clock)).delete(batch: ["h"], from: "q")
        #expect(failures.map(\.code) == ["RequestThrottled"])
        #expect(server.requests.count == 3)
        #expect(clock.sleeps == [.milliseconds(500), .seconds(1)])
    }

    @Test func messagesOfAGroupAreNotSentAgainOutOfTheirOrder() async throws {
        let server = try StrictServer { _, _ in
            .answer(200, [:], #"{"Failed":[{"Id":"0","Code":"InternalError","SenderFault":false}]}"#)
        }
        let batch: [SQS.Entry] = [
            .init("a", groupID: "g", deduplicationID: "1"), .init("b", groupID: "g", deduplicationID: "2"),
        ]
        let failures = try await SQS(server.client()).send(batch: batch, to: "q.fifo")
        #expect(failures.map(\.index) == [0])
        #expect(server.requests.count == 1)
        #expect(
            server.requests[0].json["Entries"]?[1]
                == (try json(
                    #"{"MessageBody":"b","MessageGroupId":"g","MessageDeduplicationId":"2","Id":"1"}"#)))
    }

    @Test func aFailureOfNoEntryIsMalformed() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], #"{"Failed":[{"Id":"7"}]}"#) }
        let sqs = SQS(try server.client())
        let error = await #expect(throws: AWSError.self) { try await sqs.delete(batch: ["h"], from: "q") }
        #expect(error?.code == .malformedResponse)
    }

    @Test func theDepthOfAQueue() async throws {
        let server = try StrictServer { _, number in
            .answer(
                200, [:],
                number == 0
                    ? #"{"Attributes":{"ApproximateNumberOfMessages":"4","ApproximateNumberOfMessagesNotVisible":"2","#
                        + #""ApproximateNumberOfMessagesDelayed":"1"}}"# : #"{"Attributes":{}}"#)
        }
        let sqs = SQS(try server.client())
        #expect(try await sqs.depth(of: "q") == SQS.Depth(available: 4, inFlight: 2, delayed: 1))
        let error = await #expect(throws: AWSError.self) { try await sqs.depth(of: "q") }
        #expect(error?.message == "the answer has no ApproximateNumberOfMessages")
    }

    @Test func theRest() async throws {
        let server = try StrictServer { request, _ in
            switch request.headers["x-amz-target"] {
            case "AmazonSQS.CreateQueue": .answer(200, [:], #"{"QueueUrl":"http://q/1/n"}"#)
            case "AmazonSQS.GetQueueAttributes":
                .answer(200, [:], #"{"Attributes":{"ApproximateNumberOfMessages":"4"}}"#)
            default: .answer(200)
            }
        }
        let sqs = SQS(try server.client())
        #expect(try await sqs.createQueue("n", attributes: ["VisibilityTimeout": "5"]) == "http://q/1/n")
        #expect(try await sqs.attributes(of: "q") == ["ApproximateNumberOfMessages": "4"])
        try await sqs.delete(receiptHandle: "h", from: "q")
        try await sqs.changeVisibility(receiptHandle: "h", of: "q", to: .seconds(30))
        #expect(
            server.requests.map(\.json) == [
                try json(#"{"QueueName":"n","Attributes":{"VisibilityTimeout":"5"}}"#),
                try json(#"{"QueueUrl":"q","AttributeNames":["All"]}"#),
                try json(#"{"QueueUrl":"q","ReceiptHandle":"h"}"#),
                try json(#"{"ReceiptHandle":"h","VisibilityTimeout":30,"QueueUrl":"q"}"#),
            ])
    }

    @Test func theQueryCompatibleCodeWins() async throws {
        let server = try StrictServer { _, _ in
            .answer(
                400, ["x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"],
                #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"none"}"#)
        }
        let sqs = SQS(try server.client())
        let error = await #expect(throws: AWSError.self) { try await sqs.send("m", to: "q") }
        #expect(error?.code.rawValue == "AWS.SimpleQueueService.NonExistentQueue")
    }
}
