import AWSClients
import Crypto
import JSON
import LambdaRuntime
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct NotifyHandlerTests {
    private let context = InvocationContext(requestID: "r", deadline: .now + .seconds(30))

    private func completedJob(_ deployment: Deployment, webhook: String?) async throws -> Job {
        var job = try Sample.completed()
        job.id = Job.ID(.v7(milliseconds: deployment.services.now.milliseconds))
        job.webhookURL = webhook
        job.expiresAt = deployment.services.now + .seconds(3600)
        #expect(try await deployment.services.store.create(job))
        return job
    }

    private func deliveries(_ deployment: Deployment, _ id: Job.ID) async throws -> [Item] {
        let query = DynamoDB.Query(
            table: deployment.services.configuration.table,
            where: .and([.equals("pk", .s("JOB#\(id)")), .beginsWith("sk", "DELIVERY#")]))
        return try await deployment.dynamoDB.query(query).items
    }

    private func sqsEvent(_ body: String) -> [UInt8] {
        (["Records": [["messageId": "m-1", "body": .string(body), "eventSource": "aws:sqs"]]] as JSON)
            .serialized()
    }

    @Test func aCompletionWithAWebhookIsRecordedOnceHoweverOftenItComes() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let job = try await completedJob(deployment, webhook: "https://example.com/hook")
        let handler = NotifyHandler(services: deployment.services)
        let message = (["job_id": .string("\(job.id)"), "event": "job.completed"] as JSON).text
        let envelope = (["Type": "Notification", "Message": .string(message)] as JSON).text
        let sns: JSON = [
            "Records": [
                [
                    "EventSource": "aws:sns",
                    "Sns": [
                        "MessageId": "s-1", "TopicArn": "arn", "Message": .string(message),
                        "MessageAttributes": [:],
                    ],
                ]
            ]
        ]
        for event in [sqsEvent(envelope), sqsEvent(message)] {
            let answer = try JSON(parsing: try await handler.handle(event, context))
            #expect(answer == ["batchItemFailures": []])
        }
        _ = try await handler.handle(sns.serialized(), context)
        let items = try await deliveries(deployment, job.id)
        #expect(items.count == 1)
        #expect(items.first?["sk"] == .s("DELIVERY#job.completed"))
        #expect(items.first?["url"] == .s("https://example.com/hook"))
    }

    /// Nothing in a message is believed but id and event, and these must be the job's own.
    @Test(arguments: ["job.failed", "job.completed\u{0}", ""])
    func anEventThatTheJobDoesNotKnowIsDropped(_ event: String) async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let job = try await completedJob(deployment, webhook: "https://example.com/hook")
        let message: JSON = ["job_id": .string("\(job.id)"), "event": .string(event)]
        let answer = try await NotifyHandler(services: deployment.services)
            .handle(sqsEvent(message.text), context)
        #expect(try JSON(parsing: answer) == ["batchItemFailures": []])
        #expect(try await deliveries(deployment, job.id).isEmpty)
    }

    @Test func withoutAWebhookNothingIsRecorded() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let job = try await completedJob(deployment, webhook: nil)
        let message: JSON = ["job_id": .string("\(job.id)"), "event": "job.completed"]
        _ = try await NotifyHandler(services: deployment.services)
            .handle(sqsEvent(message.text), context)
        #expect(try await deliveries(deployment, job.id).isEmpty)
    }

    @Test func anotherEventIsRefused() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        await #expect(throws: FunctionError.self) {
            try await NotifyHandler(services: deployment.services).handle(
                Array(#"{"id":"1","detail-type":"Scheduled Event"}"#.utf8), context)
        }
    }
}
