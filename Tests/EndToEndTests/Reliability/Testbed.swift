import AWSClients
import Crypto
import HTTP
import Handlers
import JSON
import Synchronization
import TestSupport
import Testing

@testable import comfy_lambda

/// A local AWS, ComfyUI stand-ins and the packaged function between them: every call that a function makes passes a proxy,
/// where a test sees it and may meddle with it.
struct Testbed: Sendable {
    struct Options: Sendable {
        var workers = 1
        var stepMilliseconds = 5
        /// Of the stand-ins.
        var faults: [String] = []
        /// Whether the functions' calls pass proxies. Without them nothing is seen of the calls, and nothing slows them down; queues and
        /// topic are then a process apart from table and bucket, since the real ones do not wait for one another either.
        var isObserved = true
        /// Of the functions, over those of a deployment with the shortest periods.
        var variables: [String: String] = [:]
    }

    /// Every period as short as it can be, so that nobody waits for minutes.
    static let shortPeriods = [
        "LEASE_SECONDS": "2", "SWEEP_ATTENTION_SECONDS": "2", "HEARTBEAT_SECONDS": "1",
        "HANDOFF_MARGIN_SECONDS": "2", "AUTH_MODE": "none",
    ]

    private let local: LocalAWS
    private let messages: LocalAWS?
    let stack: LocalStack
    /// The test's own way to AWS, past the proxies.
    let aws: AWSClient
    let workers: [Worker]
    let children: Children
    /// What all functions get.
    let environment: [String: String]
    /// What the functions did, and what the test makes of it.
    let calls: CallRecord
    private let doors: [CallProxy]
    private let isObserved: Bool

    var loop: EventLoop { Network.loop }
    var awsPort: Int { local.port }

    /// Starts everything, runs `body`, ends everything.
    static func during<T: Sendable>(
        _ options: Options = Options(), _ body: @escaping @Sendable (Testbed) async throws -> T
    ) async throws -> T {
        try await Children.during(on: Network.loop) { children in
            try await body(try await Testbed(options, children))
        }
    }

    private init(_ options: Options, _ children: Children) async throws {
        self.children = children
        async let local = LocalAWS.own()
        messages = options.isObserved ? nil : try await LocalAWS.own()
        var workers: [Worker] = []
        for _ in 0..<options.workers {
            workers.append(
                try await Worker(stepMilliseconds: options.stepMilliseconds, faults: options.faults))
        }
        self.workers = workers
        let calls = CallRecord()
        self.calls = calls
        isObserved = options.isObserved
        doors =
            options.isObserved
            ? try workers.map { worker in
                try CallProxy(to: worker.port, isComfyUI: true, caller: "") { calls.judge($0, $1) }
            } : []
        self.local = try await local
        var own = Self.clientEnvironment(self.local, messages)
        // moto tells a checksum of an object in parts that is none of it.
        own["AWS_RESPONSE_CHECKSUM_VALIDATION"] = "when_required"
        aws = AWSClient(http: Network.http, configuration: try .init(environment: own))
        stack = try await LocalStack.create(in: aws)
        environment = stack.environment.merging(Self.clientEnvironment(self.local, messages)) { $1 }
            .merging(Self.shortPeriods) { $1 }
            .merging([
                "COMFYUI_URLS": (isObserved ? doors.map(\.address) : workers.map(\.url)).joined(
                    separator: ",")
            ]) { $1 }
            .merging(options.variables) { $1 }
    }

    private static func clientEnvironment(_ local: LocalAWS, _ messages: LocalAWS?) -> [String: String] {
        var environment = LocalStack.clientEnvironment(port: local.port)
        if let messages {
            environment["AWS_ENDPOINT_URL_SNS"] = messages.endpoint
            environment["AWS_ENDPOINT_URL_SQS"] = messages.endpoint
        }
        return environment
    }

    /// A function of the packaged program, its calls to AWS marked with `caller`.
    ///
    /// - Parameter bootstrap: another program in its place.
    func function(
        _ handler: HandlerName, caller: String? = nil, concurrency: Int = 1, timeout: Duration? = nil,
        variables: [String: String] = [:], bootstrap: String = Program.bootstrap
    ) throws -> TestFunction {
        let calls = calls
        let caller = caller ?? handler.rawValue
        let door = try CallProxy(to: local.port, isComfyUI: false, caller: caller) { calls.judge($0, $1) }
        var environment = environment
        if isObserved { environment["AWS_ENDPOINT_URL"] = door.address }
        environment["COMFY_TEST_CALLER"] = door.address
        environment.merge(variables) { $1 }
        var definition = handler.definition(
            bootstrap: bootstrap, environment: environment, timeout: timeout)
        definition.maximumConcurrency = concurrency
        let lines = FunctionLog()
        let function = LocalFunction(definition, children: children) { lines.add($0.text) }
        return TestFunction(local: function, door: door, log: lines)
    }

    /// Runs `body` while queues and schedule feed the functions: `sweep` at every period.
    func whileFeeding<T: Sendable>(
        dispatch: TestFunction, sweeps: [TestFunction], period: Duration = .seconds(1),
        dispatchers: Int = 2, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            for queue in [stack.work, stack.resume] {
                group.addTask {
                    let mapping = EventSourceMapping(
                        queueURL: queue.url, queueARN: queue.arn, function: dispatch.local,
                        maximumConcurrency: dispatchers, longPoll: .seconds(1))
                    await mapping.run(SQS(aws), on: loop) { dispatch.log.add($0) }
                    return nil
                }
            }
            for sweep in sweeps {
                group.addTask {
                    await Schedule(function: sweep.local, period: period)
                        .run(on: loop) { sweep.log.add($0) }
                    return nil
                }
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    /// Empties AWS and the workers, and makes the stack again: for the next job of a test that has many.
    func reset() async throws {
        calls.reset()
        let url = "http://127.0.0.1:\(local.port)/moto-api/reset"
        let client = APIClient(address: "")
        guard try await client.send(.post, url, "").status == 200 else {
            throw TimedOut(description: "moto was not reset")
        }
        for worker in workers {
            _ = try await client.send(.post, worker.url + "/queue", #"{"clear": true}"#)
            _ = try await client.send(.post, worker.url + "/history", #"{"clear": true}"#)
            _ = try await client.send(.post, worker.url + "/free", #"{"free_memory": true}"#)
        }
        _ = try await LocalStack.create(in: aws)
    }
}

/// A function and what its processes said.
struct TestFunction: Sendable {
    let local: LocalFunction
    let door: CallProxy
    let log: FunctionLog

    /// Runs an event and gives the answer's document; an error of the function is thrown.
    func invoke(_ event: JSON) async throws -> JSON {
        switch try await local.invoke(event.serialized()) {
        case .response(let bytes): return try JSON(parsing: bytes)
        case .failure(let failure): throw failure
        }
    }

    /// Kills its processes and returns when they are no more.
    func kill() {
        let mark = "COMFY_TEST_CALLER=\(door.address)"
        for process in ProcessTable.children() where ProcessTable.environment(of: process.id).contains(mark) {
            process.kill()
        }
    }
}

/// The lines of a function's processes, of which the last are kept.
final class FunctionLog: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) {
        lines.withLock {
            $0.append(line)
            if $0.count > 400 { $0.removeFirst(200) }
        }
    }

    /// The last of them.
    var tail: String { lines.withLock { $0.suffix(12).joined(separator: "\n") } }
    /// Whether one of them holds the text.
    func contains(_ text: String) -> Bool { lines.withLock { $0.contains { $0.contains(text) } } }
}
