import Glibc
import HTTP
import JSON
import LambdaRuntime
import Telemetry

/// The functions that tests run under an emulated Lambda. Each does one thing that a runtime must carry or survive.
struct TestFunction: InvocationHandler {
    /// What `_HANDLER` may say.
    enum Name: String {
        /// The event back.
        case echo
        /// Throws when the event is `"throw"`, else the event back.
        case fallible
        /// A JSON string of as many bytes, quotes included, as the event says.
        case big
        /// Does not answer when the event is 1, ignores its cancellation when it is 2, blocks its thread when it is 3; else the
        /// event back.
        case stuck
        /// The event back after as many milliseconds as it says. A negative number first waits for as many invocations as run at once,
        /// and then has SIGTERM sent to this process.
        case slow
        /// Ends the process when the event is `"crash"`, else the event back.
        case crash
        /// Waits until as many invocations run as `AWS_LAMBDA_MAX_CONCURRENCY` says, then answers them all.
        case together
        /// What the invocation is told, and what the process finds in its environment.
        case context
        /// As many lines as the event says of each kind, at once: of the log, of a C library on standard error, of Swift's `print`.
        case chatty
        /// Ends the process as a broken invariant does.
        case broken
    }

    private let name: Name
    private let loop: EventLoop
    private let environment: [String: String]
    private let gate: Gate

    /// The function of that name; what is none of them is an init error.
    init(named name: String?, on loop: EventLoop, environment: [String: String]) throws {
        guard let known = name.flatMap(Name.init(rawValue:)) else {
            throw FunctionError(
                type: "Runtime.InvalidHandler",
                message: "_HANDLER is '\(name ?? "")', which is no test function")
        }
        self.name = known
        self.loop = loop
        self.environment = environment
        gate = Gate(width: environment["AWS_LAMBDA_MAX_CONCURRENCY"].flatMap { Int($0) } ?? 1)
    }

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        let number = Int(String(decoding: event, as: UTF8.self)) ?? 0
        switch name {
        case .echo: return event
        case .fallible:
            guard event != Array(#""throw""#.utf8) else {
                throw FunctionError(type: "Test.Thrown", message: "thrown because the event asked for it")
            }
            return event
        case .big:
            let quote = UInt8(ascii: "\"")
            return [quote] + [UInt8](repeating: UInt8(ascii: "x"), count: max(0, number - 2)) + [quote]
        case .stuck:
            switch number {
            case 1: try await loop.sleep(for: .seconds(3600))
            case 2: _ = try await loop.task { [loop] in try await loop.sleep(for: .seconds(3600)) }.value
            case 3: sleep(3600)
            default: break
            }
            return event
        case .slow:
            Log.info("begun")
            if number < 0 {
                await gate.passTogether()
                kill(getpid(), SIGTERM)
            }
            try await loop.sleep(for: .milliseconds(abs(number)))
            return event
        case .crash:
            if event == Array(#""crash""#.utf8) { _exit(3) }
            return event
        case .together:
            await gate.passTogether()
            return JSON.object([
                "event": .number(number), "requestID": .string(context.requestID),
                "process": .number(getpid()),
            ]).serialized()
        case .context: return report(context).serialized()
        case .chatty:
            let others = Task.detached(executorPreference: globalConcurrentExecutor) {
                for _ in 0..<number {
                    unsafe perror("said by a C library")
                    print("said by print")
                }
            }
            for line in 0..<number {
                Log.info("said by the log", ["line": .number(line), "text": .string(Self.longText)])
            }
            await others.value
            return event
        case .broken: fatalError("said by Swift")
        }
    }

    private static let longText = String(repeating: "x", count: 2000)

    private func report(_ context: InvocationContext) -> JSON {
        [
            "requestID": .string(context.requestID), "functionARN": .string(context.functionARN),
            "remainingSeconds": .number(context.remaining.components.seconds),
            "variables": .object(
                JSON.Object(environment.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
        ]
    }
}

/// Opens when as many have come as it is wide.
private actor Gate {
    private let width: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(width: Int) { self.width = width }

    func passTogether() async {
        guard waiting.count + 1 < width else {
            for one in waiting { one.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
