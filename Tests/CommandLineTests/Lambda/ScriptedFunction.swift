import HTTP
import JSON
import Synchronization
import TestSupport

@testable import comfy_lambda

/// A function whose program is a script that does what each event tells it: `Fixtures/runtime/scripted_runtime.py`.
struct ScriptedFunction: Sendable {
    let function: LocalFunction
    let children: Children
    /// Lines of its processes' output.
    let lines = RecordedLines()

    init(
        on loop: EventLoop, timeout: Duration = .seconds(30), concurrency: Int = 10,
        environment: [String: String] = [:]
    ) {
        let children = Children(on: loop)
        self.children = children
        let definition = FunctionDefinition(
            handler: "api", environment: environment, timeout: timeout, maximumConcurrency: concurrency,
            bootstrap: Fixtures.folder + "/runtime/scripted_runtime.py")
        function = LocalFunction(definition, children: children) { [lines] in lines.append($0.text) }
    }

    func invoke(_ event: JSON) async throws -> InvocationOutcome {
        try await function.invoke(event.serialized())
    }

    /// The answer as JSON; an error for a function error.
    func answer(to event: JSON) async throws -> JSON {
        switch try await invoke(event) {
        case .response(let bytes): try JSON(parsing: bytes)
        case .failure(let failure): throw failure
        }
    }

    /// Its function error; nil when it answered.
    func failure(of event: JSON) async throws -> FunctionFailure? {
        if case .failure(let failure) = try await invoke(event) { failure } else { nil }
    }

    /// A loop of its own and a function on it, ended afterwards.
    static func with<T: Sendable>(
        timeout: Duration = .seconds(30), concurrency: Int = 10, environment: [String: String] = [:],
        _ body: @escaping @Sendable (ScriptedFunction, EventLoop) async throws -> T
    ) async throws -> T {
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        return try await loop.task {
            let scripted = ScriptedFunction(
                on: loop, timeout: timeout, concurrency: concurrency, environment: environment)
            let result: Result<T, any Error>
            do {
                result = .success(try await body(scripted, loop))
            } catch {
                result = .failure(error)
            }
            await scripted.children.endAll()
            return try result.get()
        }.value
    }
}

/// Lines that a process wrote, awaited by what they hold.
final class RecordedLines: Sendable {
    private let state = Mutex((lines: [String](), waiters: [(text: String, found: Promise<String>)]()))

    func append(_ line: String) {
        state.withLock { state in
            state.lines.append(line)
            for waiter in state.waiters where line.contains(waiter.text) { waiter.found.fulfill(line) }
        }
    }

    /// The first line with the text in it, now or later.
    func first(with text: String) async throws -> String {
        let found = Promise<String>()
        state.withLock { state in
            if let line = state.lines.first(where: { $0.contains(text) }) { found.fulfill(line) }
            state.waiters.append((text, found))
        }
        return try await found.value()
    }

    func count(with text: String) -> Int { state.withLock { $0.lines.count { $0.contains(text) } } }
}
