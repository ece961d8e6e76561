import HTTP
import JSON
import LambdaRuntime
import Synchronization
import Telemetry

/// A handler that is a closure.
struct ClosureHandler: InvocationHandler {
    let body: @Sendable ([UInt8], InvocationContext) async throws -> [UInt8]

    init(_ body: @escaping @Sendable ([UInt8], InvocationContext) async throws -> [UInt8]) {
        self.body = body
    }

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        try await body(event, context)
    }

    /// The event back.
    static let echo = ClosureHandler { event, _ in event }
}

/// What handlers and logs leave for the test.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    func add(_ element: Element) { elements.withLock { $0.append(element) } }
    var all: [Element] { elements.withLock { $0 } }
}

/// Runs the runtime on a loop of its own until the script is over.
/// - Returns: its exit status and the lines that it logged.
func runRuntime(
    _ api: RecordingRuntimeAPI, environment: [String: String] = [:], _ handler: any InvocationHandler
) async throws -> (status: Int32, log: [JSON]) {
    let variables = environment.merging(["AWS_LAMBDA_RUNTIME_API": api.address]) { own, _ in own }
    return try await runRuntime(variables) { handler }
}

func runRuntime(
    _ environment: [String: String], makeHandler: @escaping @Sendable () async throws -> any InvocationHandler
) async throws -> (status: Int32, log: [JSON]) {
    let lines = Collected<[UInt8]>()
    let status = try await Log.withSink(lines.add) {
        try await withLoop { loop in
            await LambdaRuntime.run(on: loop, environment: environment, makeHandler: makeHandler)
        }
    }
    return (status, lines.all.compactMap { try? JSON(parsing: $0) })
}

/// Runs `body` on a loop of its own.
func withLoop<T: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> T) async throws -> T {
    let loop = EventLoop.onNewThread()
    defer { loop.shutdown() }
    return try await loop.task { try await body(loop) }.value
}
