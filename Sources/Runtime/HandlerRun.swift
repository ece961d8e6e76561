import HTTP

/// A handler at work on one invocation, in a task of its own so that the deadline can cancel it without ending the loop. What a
/// streaming handler returns is empty.
///
/// `@unchecked Sendable`: all of it runs on the loop's thread.
@safe final class HandlerRun: @unchecked Sendable {
    /// What came of it.
    enum Outcome: Sendable {
        case success([UInt8])
        case failure(FunctionError)
    }

    private let loop: EventLoop
    /// The runtime loop's: its timer outlives the invocations.
    private let watchdog: Watchdog
    private var isCancelled = false
    /// The handler has returned or thrown.
    private(set) var isOver = false
    /// Delivers what the handler returned; nil when somebody else does.
    private let delivery: ([UInt8]) -> PlainExchange?
    /// What `delivery` gave. It is over when `outcome` returns.
    private(set) var exchange: PlainExchange?
    private var outcome: Outcome?
    /// Unchecked, as the exchange's that may get it: `report` takes it, or the exchange.
    private var outcomeWaiter: UnsafeContinuation<Void, Never>?
    private var endWaiter: CheckedContinuation<Void, Never>?

    /// - Parameter delivery: called at the end of the handler's task, so that whoever waits is resumed once, for the answer's end.
    init(
        on loop: EventLoop, _ watchdog: Watchdog, _ delivery: @escaping ([UInt8]) -> PlainExchange?
    ) {
        self.loop = loop
        self.watchdog = watchdog
        self.delivery = delivery
    }

    /// Runs the handler, once, with what its task and the tasks it makes inherit of the invocation. Returns when it has ended, and what it
    /// returned is delivered, or when it is given up; `isOver` tells which.
    @inline(__always)
    func outcome(
        of invocation: Invocation, remaining: Duration, limit: TimeLimit?,
        _ body: @escaping @Sendable () async throws -> [UInt8]
    ) async -> Outcome {
        unsafe await withUnsafeContinuation { continuation in
            unsafe outcomeWaiter = continuation
            let task = invocation.withContext(remaining) { start(limit, body) }
            if let limit { watch(task, limit) }
        }
        guard let outcome else { preconditionFailure("the handler goes on") }
        return outcome
    }

    private func start(
        _ limit: TimeLimit?, _ body: @escaping @Sendable () async throws -> [UInt8]
    ) -> Task<Void, any Error> {
        loop.task {
            do {
                self.end(.success(try await body()))
            } catch {
                self.end(.failure(self.isCancelled ? .timeout(limit) : FunctionError(error)))
            }
        }
    }

    private func watch(_ task: Task<Void, any Error>, _ limit: TimeLimit) {
        watchdog.start(limit.untilCancellation) { [self] in
            isCancelled = true
            task.cancel()
            watchdog.start(limit.patience) { [self] in report(.failure(.timeout(limit))) }
        }
    }

    /// Waits for a handler that was given up.
    func end() async {
        await withCheckedContinuation { endWaiter = $0 }
    }

    private func end(_ outcome: Outcome) {
        isOver = true
        // Of a handler that was given up it has ended already, and may be another's.
        if unsafe outcomeWaiter != nil { watchdog.stop() }
        report(outcome)
        endWaiter?.resume()
        endWaiter = nil
    }

    private func report(_ outcome: Outcome) {
        guard let waiter = unsafe outcomeWaiter else { return }
        unsafe outcomeWaiter = nil
        self.outcome = outcome
        if case .success(let body) = outcome, let exchange = delivery(body) {
            self.exchange = exchange
            unsafe exchange.start(waiter)
        } else {
            unsafe waiter.resume()
        }
    }
}

extension FunctionError {
    /// The handler's time was over.
    fileprivate static func timeout(_ limit: TimeLimit?) -> FunctionError {
        let seconds = (limit?.untilCancellation ?? .zero).components
        let tenths = seconds.seconds * 10 + seconds.attoseconds / 100_000_000_000_000_000
        return FunctionError(
            type: "Runtime.Timeout",
            message:
                "The handler had not ended after \(tenths / 10).\(tenths % 10) s, shortly before the invocation's deadline, and was "
                + "cancelled. Raise the function's timeout, or have it do less at once.")
    }
}
