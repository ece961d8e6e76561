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

    @Test func aTopicsSubscriptionsAreRead() async throws {
        @Sendable func member(_ arn: String, _ kind: String, _ endpoint: String) -> String {
            "<member><SubscriptionArn>\(arn)</SubscriptionArn><Protocol>\(kind)</Protocol>"
                + "<Endpoint>\(endpoint)</Endpoint></member>"
        }
        let server = try StrictServer { _, _ in
            .answer(
                200, [:],
                Self.answer(
                    "ListSubscriptionsByTopic",
                    "<Subscriptions>"
                        + member("arn:aws:sns:eu-west-1:1:t:s", "sqs", "arn:aws:sqs:eu-west-1:1:q")
                        + member("PendingConfirmation", "https", "https://a?b&amp;c") + "</Subscriptions>"))
        }
        let arn = "arn:aws:sns:eu-west-1:1:t"
        let subscriptions = try await SNS(server.client()).subscriptions(ofTopic: arn)
        #expect(
            subscriptions == [
                .init(protocol: "sqs", endpoint: "arn:aws:sqs:eu-west-1:1:q", isConfirmed: true),
                .init(protocol: "https", endpoint: "https://a?b&c", isConfirmed: false),
            ])
        #expect(
            server.requests.first?.form
                == ["Action": "ListSubscriptionsByTopic", "Version": "2010-03-31", "TopicArn": arn])
    }

    @Test func aBatchIsOneFormAndOnlyFailedEntriesGoOutAgain() async throws {
        let server = try StrictServer { _, number in
            let failed =
                number == 0
                ? "<member><Id>0</Id><Code>InternalError</Code><Message>x</Message><SenderFault>false</SenderFault></member>"
                    + "<member><Id>2</Id><Code>InvalidParameter</Code><Message>y</Message><SenderFault>true</SenderFault></member>"
                : ""
            return .answer(200, [:], Self.answer("PublishBatch", "<Failed>\(failed)</Failed><Successful/>"))
        }
        let failures = try await SNS(server.client()).publish(
            batch: [
                .init("one", attributes: ["tags": .strings(["a", "b\"c"])]), .init("two", subject: "s"),
                .init("three"),
            ], to: "arn")
        #expect(
            failures == [BatchFailure(index: 2, code: "InvalidParameter", message: "y", senderFault: true)])
        #expect(
            server.requests[0].form == [
                "Action": "PublishBatch", "Version": "2010-03-31", "TopicArn": "arn",
                "PublishBatchRequestEntries.member.1.Id": "0",
                "PublishBatchRequestEntries.member.1.Message": "one",
                "PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name": "tags",
                "PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.DataType":
                    "String.Array",
                "PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.StringValue":
                    #"["a","b\"c"]"#,
                "PublishBatchRequestEntries.member.2.Id": "1",
                "PublishBatchRequestEntries.member.2.Message": "two",
                "PublishBatchRequestEntries.member.2.Subject": "s",
                "PublishBatchRequestEntries.member.3.Id": "2",
                "PublishBatchRequestEntries.member.3.Message": "three",
            ])
        #expect(server.requests.count == 2)
        #expect(server.requests[1].form["PublishBatchRequestEntries.member.1.Id"] == "0")
        #expect(server.requests[1].form["PublishBatchRequestEntries.member.2.Id"] == nil)
    }

    @Test func messagesOfAGroupAreNotPublishedAgainOutOfTheirOrder() async throws {
        let server = try StrictServer { _, _ in
            let failed =
                "<member><Id>0</Id><Code>InternalError</Code><SenderFault>false</SenderFault></member>"
            return .answer(200, [:], Self.answer("PublishBatch", "<Failed>\(failed)</Failed>"))
        }
        let failures = try await SNS(server.client()).publish(
            batch: [.init("a", groupID: "g", deduplicationID: "1")], to: "t.fifo")
        #expect(failures.map(\.index) == [0])
        #expect(server.requests.count == 1)
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
