import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct SNSTests {
    private static func answer(_ operation: String, _ result: String) -> String {
        """
        <\(operation)Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><\(operation)Result>\(result)\
        </\(operation)Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></\(operation)Response>
        """
    }

    @Test func publishSendsAForm() async throws {
        let server = try StrictServer { _, _ in
            .answer(200, [:], Self.answer("Publish", "<MessageId>id-1</MessageId>"))
        }
        let id = try await SNS(server.client()).publish(
            "a & b = c+d\n\"ü\"", to: "arn:aws:sns:eu-west-1:1:t.fifo", subject: "done",
            attributes: ["n": .number("7"), "event": .string("job.completed"), "raw": .binary([0, 255])],
            groupID: "g", deduplicationID: "d")
        #expect(id == "id-1")
        let request = try #require(server.requests.first)
        #expect(request.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8")
        #expect(
            request.form == [
                "Action": "Publish", "Version": "2010-03-31", "TopicArn": "arn:aws:sns:eu-west-1:1:t.fifo",
                "Message": "a & b = c+d\n\"ü\"", "Subject": "done", "MessageGroupId": "g",
                "MessageDeduplicationId": "d",
                "MessageAttributes.entry.1.Name": "event",
                "MessageAttributes.entry.1.Value.DataType": "String",
                "MessageAttributes.entry.1.Value.StringValue": "job.completed",
                "MessageAttributes.entry.2.Name": "n", "MessageAttributes.entry.2.Value.DataType": "Number",
                "MessageAttributes.entry.2.Value.StringValue": "7", "MessageAttributes.entry.3.Name": "raw",
                "MessageAttributes.entry.3.Value.DataType": "Binary",
                "MessageAttributes.entry.3.Value.BinaryValue": "AP8=",
            ])
    }

    @Test func topicsAndSubscriptions() async throws {
        let server = try StrictServer { request, _ in
            request.form["Action"] == "Subscribe"
                ? .answer(200, [:], Self.answer("Subscribe", "<SubscriptionArn>s</SubscriptionArn>"))
                : .answer(200, [:], Self.answer("CreateTopic", "<TopicArn>t</TopicArn>"))
        }
        let sns = SNS(try server.client())
        #expect(try await sns.createTopic("x.fifo") == "t")
        #expect(
            try await sns.subscribe(
                topicARN: "t", protocol: "sqs", endpoint: "q", attributes: ["RawMessageDelivery": "true"])
                == "s")
        #expect(server.requests[0].form["Attributes.entry.1.key"] == "FifoTopic")
        #expect(server.requests[0].form["Attributes.entry.1.value"] == "true")
        #expect(server.requests[1].form["Attributes.entry.1.key"] == "RawMessageDelivery")
        #expect(server.requests[1].form["ReturnSubscriptionArn"] == "true")
    }

    @Test func anErrorHasItsCodeAndRequestID() async throws {
        let server = try StrictServer { _, _ in
            .answer(
                404, [:],
                "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message>"
                    + "</Error><RequestId>r-1</RequestId></ErrorResponse>")
        }
        let sns = SNS(try server.client())
        let error = await #expect(throws: AWSError.self) { try await sns.publish("m", to: "arn") }
        #expect(
            error?.description == "SNS Publish failed: NotFound: Topic does not exist (HTTP 404, request r-1)"
        )
    }

    @Test(arguments: ["", "<html/>", "<PublishResponse><PublishResult/></PublishResponse>", "{}"])
    func aSuccessThatMakesNoSenseIsMalformed(_ body: String) async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], body) }
        let sns = SNS(try server.client())
        let error = await #expect(throws: AWSError.self) { try await sns.publish("m", to: "arn") }
        #expect(error?.code == .malformedResponse)
        #expect(error?.attempts == 3)
    }
}
