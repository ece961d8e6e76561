import AWSClients
import HTTP
import JSON
import LocalServer
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct WebhookSenderTests {
    @Test func aCompletionIsPostedAtOnce() async throws {
        let receiver = try WebhookReceiver()
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        let before = bench.services.now.seconds
        try await bench.notify()
        let request = try #require(receiver.received.first)
        #expect(receiver.received.count == 1)
        #expect(request.method == .post)
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["webhook-id"] == "\(bench.job.id)-job-completed")
        let sent = try #require(request.headers["webhook-timestamp"].flatMap { Int64($0) })
        #expect((before...before + 60).contains(sent))
        let body = try JSON(parsing: request.body)
        #expect(body["event"] == "job.completed")
        #expect(body["job_id"] == .string("\(bench.job.id)"))
        #expect(body["outputs"]?.array?.first?["sha256"] == .string(Sample.output.sha256))
        let delivery = try #require(try await bench.delivery())
        #expect(delivery.state == .delivered)
        #expect(delivery.attempts == 1)
        #expect(delivery.result == "200")
        #expect(delivery.dueAt == nil)
        #expect(try await bench.sweep().webhooks == 0)
    }

    @Test func theSameMessageAgainIsNoSecondCall() async throws {
        let receiver = try WebhookReceiver()
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        for _ in 0..<3 { try await bench.notify() }
        #expect(receiver.received.count == 1)
    }

    @Test func whatFailsIsSentAgainByTheSweepUnderTheSameID() async throws {
        let receiver = try WebhookReceiver([500, 302, 204], headers: ["Location": "/elsewhere"])
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        try await bench.notify()
        var delivery = try #require(try await bench.delivery())
        #expect(delivery.state == .pending)
        #expect(delivery.result == "500")
        let wait = try #require(delivery.dueAt) - bench.services.now
        #expect(wait > .seconds(30) && wait <= .seconds(60))
        #expect(try await bench.sweep().webhooks == 0)
        #expect(receiver.received.count == 1)

        // A redirect is not followed: it is no success either.
        try await bench.makeDue()
        #expect(try await bench.sweep().webhooks == 1)
        delivery = try #require(try await bench.delivery())
        #expect(delivery.state == .pending)
        #expect(delivery.result == "302")

        try await bench.makeDue()
        _ = try await bench.sweep()
        delivery = try #require(try await bench.delivery())
        #expect(delivery.state == .delivered)
        #expect(delivery.attempts == 3)
        #expect(receiver.received.map(\.path) == ["/hook", "/hook", "/hook"])
        #expect(Set(receiver.received.map { $0.headers["webhook-id"] }).count == 1)
    }

    /// A receiver that fails twice alike leaves nothing to write, and DynamoDB refuses an update of nothing.
    @Test func aTryThatCameToTheSameIsTakenNoteOf() async throws {
        let receiver = try WebhookReceiver([500])
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        try await bench.notify()
        let delivery = try #require(try await bench.delivery())
        try await DeliveryStore(bench.services).conclude(delivery, of: delivery)
        #expect(try await bench.delivery() == delivery)
    }

    @Test func goneEndsIt() async throws {
        let receiver = try WebhookReceiver([410])
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        try await bench.notify()
        let delivery = try #require(try await bench.delivery())
        #expect(delivery.state == .failed)
        #expect(delivery.dueAt == nil)
    }

    @Test func theLastTryIsTheLast() async throws {
        let receiver = try WebhookReceiver([503])
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        try await bench.notify()
        try await bench.setAttempts(Delivery.waits.count)
        try await bench.makeDue()
        _ = try await bench.sweep()
        let delivery = try #require(try await bench.delivery())
        #expect(delivery.state == .failed)
        #expect(delivery.attempts == Delivery.waits.count + 1)
        #expect(delivery.dueAt == nil)
        #expect(receiver.received.count == 2)
    }

    @Test func allTriesAreWithinADay() {
        let total = Delivery.waits.reduce(Duration.zero, +)
        #expect(total > .seconds(20 * 3600) && total <= .seconds(24 * 3600))
    }

    @Test func nobodyThereIsTriedAgain() async throws {
        let receiver = try WebhookReceiver()
        let bench = try await WebhookBench(receiver)
        receiver.stop()
        try await bench.notify()
        let delivery = try #require(try await bench.delivery())
        #expect(delivery.state == .pending)
        #expect(delivery.result == "connect")
    }

    @Test func manyAtOnceMakeOneTry() async throws {
        let receiver = try WebhookReceiver([500])
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        let delivery = try #require(Delivery(bench.job, event: "job.completed", at: bench.services.now))
        #expect(try await bench.store.record(delivery))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask { await bench.sender.deliver(bench.job.id, event: "job.completed") }
            }
        }
        #expect(receiver.received.count == 1)
        #expect(try await bench.delivery()?.attempts == 1)
    }

    /// Whoever dies between the count and the call has lost nothing: the try after it is on the books.
    @Test func aTryThatDiedComesAgain() async throws {
        let receiver = try WebhookReceiver()
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        let delivery = try #require(Delivery(bench.job, event: "job.completed", at: bench.services.now))
        #expect(try await bench.store.record(delivery))
        #expect(try await bench.store.begin(delivery, at: bench.services.now)?.attempts == 1)
        #expect(receiver.received.isEmpty)
        try await bench.makeDue()
        _ = try await bench.sweep()
        #expect(receiver.received.count == 1)
        #expect(try await bench.delivery()?.state == .delivered)
    }

    @Test func anAddressThatIsNoLongerAllowedIsNotCalled() async throws {
        let receiver = try WebhookReceiver()
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver, allowed: "hooks.example.com")
        try await bench.notify()
        #expect(receiver.received.isEmpty)
        let delivery = try #require(try await bench.delivery())
        #expect(delivery.state == .failed)
        #expect(delivery.result == "the address is not among WEBHOOK_ALLOWED_HOSTS")
    }
}
