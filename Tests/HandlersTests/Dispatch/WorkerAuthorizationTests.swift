import ComfyUI
import Crypto
import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Synchronization
import TestSupport
import Testing
import Time

@testable import AWSClients
@testable import Handlers

/// The header that goes with every call to a worker.
@Suite(.timeLimit(.minutes(1))) struct WorkerAuthorizationTests {
    private static func aws(_ time: Locked<Duration> = Locked(.zero)) async throws -> AWSClient {
        AWSClient(
            http: HTTPClient(loop: testLoop),
            configuration: try .init(environment: try await LocalAWS.shared().environment),
            clock: .init(
                now: { .now }, elapsed: { time.withLock { $0 } }, sleep: { _ in }, random: { 0.5 }))
    }

    private static func secret(_ operation: String, _ name: String, _ value: String) async throws {
        let id = operation == "CreateSecret" ? "Name" : "SecretId"
        try await aws().json(
            Operation(.secretsManager, operation), target: "secretsmanager",
            [
                id: .string(name), "SecretString": .string(value),
                "ClientRequestToken": .string(UUID.v4().description),
            ]
        ) { _ in }
    }

    /// A worker that remembers the header of each call.
    private final class Receiver: Sendable {
        private final class Headers: Sendable {
            let value = Mutex<[String?]>([])
        }

        private let headers = Headers()
        let server: HTTPServer
        var calls: [String?] { headers.value.withLock { $0 } }

        init() throws {
            let seen = headers
            server = try HTTPServer(on: testLoop) { request in
                seen.value.withLock { $0.append(request.headers["Authorization"]) }
                let body: JSON = ["queue_running": [], "queue_pending": []]
                return ServerResponse(
                    headers: ["Content-Type": "application/json"], body: body.serialized())
            }
        }
    }

    private static func services(_ aws: AWSClient, _ changes: [String: String]) throws -> Services {
        let environment = ConfigurationTests.required.merging(changes) { $1 }
        let source = ConfigurationSource(environment, aws: aws)
        // The reference is not looked up with the others.
        #expect(!source.hasReferences)
        return Services(configuration: try Configuration(environment: environment), aws: aws)
    }

    @Test func aRotatedSecretReachesRunsThatAreUnderWay() async throws {
        let name = "worker-\(UUID.v4())"
        try await Self.secret("CreateSecret", name, "Bearer one\n")
        let receiver = try Receiver()
        defer { receiver.server.stop() }
        let time = Locked(Duration.zero)
        let services = try Self.services(
            try await Self.aws(time),
            [
                "COMFYUI_URLS": "http://127.0.0.1:\(receiver.server.port)",
                "COMFYUI_AUTHORIZATION": "secret:\(name)",
            ])
        let client = services.client(of: services.configuration.workers[0])
        _ = try await client.queue()
        try await Self.secret("PutSecretValue", name, "Bearer two")
        _ = try await client.queue()
        time.withLock { $0 += .seconds(20) }
        _ = try await client.queue()
        #expect(receiver.calls == ["Bearer one", "Bearer one", "Bearer two"])
    }

    @Test func eachWorkerHasItsOwn() async throws {
        let receiver = try Receiver()
        defer { receiver.server.stop() }
        let address = "http://127.0.0.1:\(receiver.server.port)"
        let services = try Self.services(
            try await Self.aws(),
            [
                "COMFYUI_AUTHORIZATION": "Basic all",
                "COMFYUI_URLS": """
                ["\(address)/a", {"url": "\(address)/b", "authorization": "Bearer b"}, \
                {"url": "\(address)/c", "authorization": ""}]
                """,
            ])
        for worker in services.configuration.workers { _ = try await services.client(of: worker).queue() }
        #expect(receiver.calls == ["Basic all", "Bearer b", nil])
    }

    /// Nothing is sent without it, and what is told does not show it.
    @Test(arguments: ["Bearer a\nX-Other: b", "Bearer \u{7F}", "   ", "Bearer ü"])
    func aValueThatIsNoHeaderIsNotSent(_ value: String) async throws {
        let receiver = try Receiver()
        defer { receiver.server.stop() }
        let services = try Self.services(
            try await Self.aws(),
            [
                "COMFYUI_URLS": "http://127.0.0.1:\(receiver.server.port)",
                "COMFYUI_AUTHORIZATION": value,
            ])
        do {
            _ = try await services.client(of: services.configuration.workers[0]).queue()
            Issue.record("it was sent")
        } catch {
            #expect(error.code == .unreachable)
            #expect(!"\(error) \(error.underlying.map { "\($0)" } ?? "")".contains("Bearer"))
        }
        #expect(receiver.calls.isEmpty)
    }

    /// At init, by name, and not as one job after the other that finds its worker silent.
    @Test(arguments: [
        ("secret:no-such-secret", "secret:no-such-secret"),
        ("ssm:/no/such/parameter", "ssm:/no/such/parameter"),
        ("Bearer a\nX: b", "a value of 13 bytes"),
    ])
    func whatCannotBeReadIsSaidAtInit(_ value: String, _ found: String) async throws {
        var environment = try await LocalAWS.shared().environment
        environment.merge(ConfigurationTests.required) { $1 }
        environment["COMFYUI_AUTHORIZATION"] = value
        for handler in ["dispatch", "sweep"] {
            let error = await #expect(throws: FunctionError.self) {
                try await HandlerName.makeHandler(named: handler, on: testLoop, environment: environment)
            }
            #expect(error?.type == "Runtime.InvalidConfiguration")
            #expect(error?.message.contains("COMFYUI_AUTHORIZATION") == true)
            #expect(error?.message.contains(found) == true)
            #expect(error?.message.contains("Bearer") == false)
        }
        // It calls no worker, and may not read it.
        _ = try await HandlerName.makeHandler(named: "api", on: testLoop, environment: environment)
    }

    @Test func itIsNotInTheTable() async throws {
        let deployment = try await Deployment.make(
            on: testLoop,
            ["COMFYUI_URLS": "http://127.0.0.1:9", "COMFYUI_AUTHORIZATION": "Bearer in-no-item"])
        let services = deployment.services
        let registry = Dispatcher(services: services).registry
        let worker = services.configuration.workers[0]
        try await registry.recordSuccess(of: worker, at: services.now)
        try await registry.recordFailure(of: worker, at: services.now)
        let items = try await deployment.dynamoDB.call(
            "Scan", ["TableName": .string(services.configuration.table)])
        #expect(items["Count"] == 1)
        #expect(!items.text.contains("in-no-item"))
    }

    /// A worker that left the list may be somebody else's address by now: its own header is no longer known, and that of all
    /// goes only to those that were found behind the name.
    @Test func aRemovedWorkerGetsTheHeaderOnlyIfItWasFoundBehindTheName() async throws {
        let deployment = try await Deployment.make(
            on: testLoop, ["COMFYUI_DNS": "localhost", "COMFYUI_AUTHORIZATION": "Bearer all"])
        let services = deployment.services
        let registry = Dispatcher(services: services).registry
        for (address, isFromDNS) in [("http://10.0.0.1:8188", true), ("http://10.0.0.2:8188", false)] {
            var worker = Worker(address: try #require(URL(address)))
            worker.isFromDNS = isFromDNS
            try await registry.recordSuccess(of: worker, at: services.now)
        }
        let removed = try await registry.roster().removed.sorted { $0.address.host < $1.address.host }
        #expect(removed.map(\.authorization) == [WorkerAuthorization("Bearer all"), nil])
    }
}
