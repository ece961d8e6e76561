import HTTP

/// A function: as many execution environments as there are invocations at once, started when needed and kept warm.
actor LocalFunction {
    nonisolated let definition: FunctionDefinition
    private let children: Children
    private let log: @Sendable (ChildProcess.Line) -> Void
    private var idle: [ExecutionEnvironment] = []
    /// Started and not yet seen to have ended.
    private var count = 0
    private var lastInstance = 0
    private var waiting: [Promise<Void>] = []

    init(
        _ definition: FunctionDefinition, children: Children,
        log: @escaping @Sendable (ChildProcess.Line) -> Void
    ) {
        self.definition = definition
        self.children = children
        self.log = log
    }

    /// Runs an event. Cancelling the caller does not stop the function: Lambda would not either.
    ///
    /// Throws `CommandFailure` when the program cannot be started at all, and `CancellationError`.
    nonisolated func invoke(_ event: [UInt8]) async throws -> InvocationOutcome {
        let invocation = Invocation(event)
        let result = Promise<Result<InvocationOutcome, any Error>>()
        children.loop.task {
            do {
                result.fulfill(.success(try await self.run(invocation)))
            } catch {
                result.fulfill(.failure(error))
            }
        }
        return try await result.value().get()
    }

    private func run(_ invocation: Invocation) async throws -> InvocationOutcome {
        let environment = try await acquire()
        let outcome = try await environment.run(invocation)
        release(environment)
        return outcome
    }

    private func acquire() async throws -> ExecutionEnvironment {
        while true {
            while let environment = idle.popLast() {
                if environment.isUsable { return environment }
                count -= 1
            }
            if count < definition.maximumConcurrency { return try await start() }
            let turn = Promise<Void>()
            waiting.append(turn)
            try await turn.value()
        }
    }

    private func start() async throws -> ExecutionEnvironment {
        count += 1
        lastInstance += 1
        do {
            return try await ExecutionEnvironment(
                of: definition, instance: lastInstance, children: children, log: log)
        } catch {
            count -= 1
            wakeOne()
            throw error
        }
    }

    private func release(_ environment: ExecutionEnvironment) {
        if environment.isUsable {
            idle.append(environment)
        } else {
            count -= 1
        }
        wakeOne()
    }

    private func wakeOne() {
        if !waiting.isEmpty { waiting.removeFirst().fulfill(()) }
    }
}
