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

    /// Runs an event to its end. Cancelling the caller does not stop the function: Lambda would not either.
    ///
    /// Throws `CommandFailure` when the program cannot be started at all, and `CancellationError`.
    nonisolated func invoke(_ event: [UInt8]) async throws -> InvocationOutcome {
        switch try await open(event) {
        case .outcome(let outcome): outcome
        case .stream(let stream): await stream.outcome()
        }
    }

    /// Runs an event until its answer has begun.
    nonisolated func open(_ event: [UInt8]) async throws -> InvocationAnswer {
        let invocation = Invocation(event)
        let result = Promise<Result<InvocationAnswer, any Error>>()
        children.loop.task {
            do {
                result.fulfill(.success(try await self.run(invocation)))
            } catch {
                result.fulfill(.failure(error))
            }
        }
        return try await result.value().get()
    }

    private func run(_ invocation: Invocation) async throws -> InvocationAnswer {
        let environment = try await acquire()
        let answer = try await environment.run(invocation)
        if case .stream(let stream) = answer {
            children.loop.task {
                try await stream.ended.value()
                await self.release(environment)
            }
        } else {
            release(environment)
        }
        return answer
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
