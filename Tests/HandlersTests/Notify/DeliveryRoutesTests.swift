import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct DeliveryRoutesTests {
    @Test func deliveriesAreListedAndSentOnceMore() async throws {
        let receiver = try WebhookReceiver([410, 200])
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver, user: "local")
        let api = APIBench(bench.services)
        let path = "/v1/jobs/\(bench.job.id)/deliveries"
        func listed() async -> JSON? {
            await api.send(HTTPRequest(.get, path)).json?["deliveries"]
        }
        #expect(await listed() == [])
        let missing = await api.send(HTTPRequest(.post, "\(path)/job.completed/resend"))
        #expect(missing.status == 404)
        try await bench.notify()
        let first = try #require(await listed()?[0])
        #expect(first["state"] == "failed")
        #expect(first["event"] == "job.completed")
        #expect(first["webhook_id"] == .string("\(bench.job.id)-job-completed"))
        #expect(first["attempts"] == 1)
        #expect(first["next_attempt_at"] == .null)
        let answer = await api.send(HTTPRequest(.post, "\(path)/job.completed/resend"))
        #expect(answer.status == 202)
        #expect(answer.json?["state"] == "pending")
        #expect(try await bench.sweep().webhooks == 1)
        let second = try #require(await listed()?[0])
        #expect(second["state"] == "delivered")
        #expect(second["result"] == "200")
        #expect(Set(receiver.received.map { $0.headers["webhook-id"] }).count == 1)
        // DynamoDB would refuse the last one as a key.
        for event in ["job.failed", "job", String(repeating: "a", count: 3000)] {
            #expect(await api.send(HTTPRequest(.post, "\(path)/\(event)/resend")).status == 404)
        }
    }

    /// The address was allowed when the job came, and led to a private one when it was called.
    @Test func whatIsNotPublicIsNotCalled() async throws {
        let receiver = try WebhookReceiver()
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver, trusted: "hooks.example.com")
        try await bench.notify()
        let delivery = try #require(try await bench.delivery())
        #expect(delivery.state == .failed)
        #expect(delivery.result == "the address is not one of the public internet")
        #expect(receiver.received.isEmpty)
    }
}
