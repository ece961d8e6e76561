import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Synchronization
import Time

@testable import Handlers

/// Somebody's webhook: answers with the given statuses in turn (the last one again and again) and keeps what it was sent.
final class WebhookReceiver: Sendable {
    private struct State {
        var statuses: [Int]
        var received: [ServerRequest] = []
    }

    private let state: Arc
    private let server: HTTPServer

    private final class Arc: Sendable {
        let value: Mutex<State>
        init(_ state: State) { value = Mutex(state) }
    }

    init(_ statuses: [Int] = [200], headers: HTTPHeaders = [:]) throws {
        let state = Arc(State(statuses: statuses))
        self.state = state
        server = try HTTPServer(on: testLoop) { request in
            let status = state.value.withLock { state in
                state.received.append(request)
                return state.statuses.count > 1 ? state.statuses.removeFirst() : state.statuses[0]
            }
            return ServerResponse(status: status, headers: headers, body: Array("thanks".utf8))
        }
    }

    var received: [ServerRequest] { state.value.withLock { $0.received } }
    var host: String { "http://127.0.0.1:\(server.port)" }
    var address: String { "\(host)/hook" }
    func stop() { server.stop() }
}

/// A deployment that may call `receiver`, and a completed job whose webhook it is.
struct WebhookBench {
    let deployment: Deployment
    let job: Job
    static let event = "job.completed"

    var services: Services { deployment.services }
    var store: DeliveryStore { DeliveryStore(services) }
    var sender: WebhookSender { WebhookSender(services: services) }

    init(_ receiver: WebhookReceiver, allowed: String? = nil, trusted: String? = nil, user: String? = nil)
        async throws
    {
        deployment = try await Deployment.make(
            on: testLoop,
            ["WEBHOOK_ALLOWED_HOSTS": allowed ?? receiver.host, "TRUSTED_HOSTS": trusted ?? receiver.host])
        var job = try Sample.completed()
        job.id = Job.ID(.v7(milliseconds: deployment.services.now.milliseconds))
        job.webhookURL = receiver.address
        if let user { job.user = user }
        job.expiresAt = deployment.services.now + .seconds(3600)
        guard try await deployment.services.store.create(job) else {
            throw TestFailure("the job exists already")
        }
        self.job = job
    }

    /// As the completion's message does it.
    func notify() async throws {
        let message: JSON = ["job_id": .string("\(job.id)"), "event": .string(Self.event)]
        let event: JSON = [
            "Records": [["messageId": "m-1", "body": .string(message.text), "eventSource": "aws:sqs"]]
        ]
        _ = try await NotifyHandler(services: services).handle(
            event.serialized(), .init(requestID: "r", deadline: .now + .seconds(30)))
    }

    func delivery() async throws -> Delivery? { try await store.delivery(job.id, event: Self.event) }

    /// As if the time of the next try had come.
    func makeDue() async throws {
        let past = services.now - .seconds(1)
        try await deployment.dynamoDB.update(
            Delivery.key(job.id, event: Self.event), in: services.configuration.table,
            [.set("due_at", .n(past.milliseconds)), .set("open_sk", .s(JobItem.sortable(past)))])
    }

    /// As if so many tries had been made already.
    func setAttempts(_ count: Int) async throws {
        try await deployment.dynamoDB.update(
            Delivery.key(job.id, event: Self.event), in: services.configuration.table,
            [.set("attempts", .n(count))])
    }

    func sweep() async throws -> Sweeper.Findings {
        let dispatcher = Dispatcher(services: services)
        return try await Sweeper(
            services: services, slots: dispatcher.slots, announcer: dispatcher.runner.announcer
        ).sweep(until: .now + .seconds(60))
    }
}
