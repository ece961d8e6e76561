import HTTP
import JSON
import Telemetry

/// next → handle → response or error, again and again. One loop handles one invocation at a time.
///
/// All of it runs on the event loop's thread, which is what makes `isIdle` safe to read from a signal's action.
final class RuntimeLoop: @unchecked Sendable {
    /// What the loops of a process share.
    final class Shared: @unchecked Sendable {
        let api: RuntimeAPIClient
        let handler: any InvocationHandler
        let loop: EventLoop
        let concurrency: Int
        let margin: Duration
        /// Loops that wait for a handler which ignores its cancellation.
        var runaways = 0

        init(
            _ api: RuntimeAPIClient, _ handler: any InvocationHandler, on loop: EventLoop, concurrency: Int,
            margin: Duration
        ) {
            self.api = api
            self.handler = handler
            self.loop = loop
            self.concurrency = concurrency
            self.margin = margin
        }
    }

    /// How often `next` is asked for again when its connection breaks at once. Lambda's own end of it breaks when the environment goes.
    static let reconnections = 5

    let shared: Shared
    /// `_X_AMZN_TRACE_ID` is one per process: set only when one invocation runs at a time.
    private let traceVariable: TraceVariable?
    private let streaming: (any StreamingHandler)?
    /// Of the invocation at hand.
    let watchdog: Watchdog
    private var isStopping = false
    private var waits = true
    /// Waits for the next event.
    private var exchange: PlainExchange?
    private var refusals = 0
    private var breaks = 0

    var api: RuntimeAPIClient { shared.api }

    /// No event is here: not even one that has come in this turn of the event loop, whose task is not resumed yet.
    var isIdle: Bool { waits && exchange?.isOver != true }

    init(_ shared: Shared) {
        self.shared = shared
        traceVariable = shared.concurrency == 1 ? TraceVariable() : nil
        streaming = shared.handler.streaming
        watchdog = Watchdog(on: shared.loop)
    }

    /// No further event is asked for, and none is waited for.
    func stop() {
        isStopping = true
        if isIdle { exchange?.cancel() }
    }

    /// Returns when it was stopped; throws when the process has to end.
    func run() async throws(RuntimeAPIError) {
        while !isStopping {
            waits = true
            guard let invocation = try await next() else { continue }
            waits = false
            try await answer(invocation)
        }
    }

    /// The next event; nil when this try of getting one failed and another is due.
    private func next() async throws(RuntimeAPIError) -> Invocation? {
        let asked = ContinuousClock.now
        do {
            let invocation = try RuntimeAPIClient.invocation(try await event())
            (refusals, breaks) = (0, 0)
            return invocation
        } catch {
            switch error.kind {
            case .cancelled:
                isStopping = true
            case .container, .runaway:
                throw error
            case .unreachable:
                // A wait that was long before it broke says nothing of the next one.
                if asked.duration(to: .now) > .seconds(1) { breaks = 0 }
                breaks += 1
                guard breaks <= Self.reconnections else { throw error }
                Log.warn("the connection to the Runtime API broke", ["error": .string(error.description)])
                await pause(.milliseconds(5 << breaks))
            case .refused, .stale, .tooLarge:
                Log.error("no event", ["error": .string(error.description)])
                // One refusal is of one event; an API that goes on refusing must not be asked as fast as it can answer.
                if refusals > 0 { await pause(.milliseconds(50 << min(refusals, 5))) }
                refusals += 1
            }
            return nil
        }
    }

    /// Shorter when the task is cancelled.
    private func pause(_ duration: Duration) async { try? await shared.loop.sleep(for: duration) }

    /// Each `async` function that returns costs its task a look for its executor, and each cancellation handler a lock: what every
    /// invocation does is done without (`docs/performance.md`).
    @inline(__always)
    private func event() async throws(RuntimeAPIError) -> HTTPClient.Response {
        guard let exchange = api.nextExchange() else { return try await api.send(RuntimeAPIClient.next) }
        self.exchange = exchange
        unsafe await withUnsafeContinuation { unsafe exchange.start($0) }
        // Whoever gets the response's body is to be its only owner.
        self.exchange = nil
        return try RuntimeAPIClient.response(of: exchange)
    }

    private func answer(_ invocation: Invocation) async throws(RuntimeAPIError) {
        traceVariable?.set(invocation.context.traceID)
        let failure = Metrics.isEnabled ? await measure(invocation) : await deliver(invocation)
        if let failure, failure.isFatal { throw failure }
    }

    /// Delivers it, and writes its metrics, whose lines carry its ids.
    private func measure(_ invocation: Invocation) async -> RuntimeAPIError? {
        await Log.$context.withValue(invocation.logContext) {
            await Metrics.ofInvocation { await deliver(invocation) }
        }
    }

    /// Why the answer to an invocation was not delivered.
    private func deliver(_ invocation: Invocation) async -> RuntimeAPIError? {
        do throws(RuntimeAPIError) {
            if let streaming {
                try await stream(streaming, invocation)
            } else {
                try await handle(invocation)
            }
            return nil
        } catch {
            Metrics.invocationFailed()
            invocation.log(.error, "answer not delivered", ["error": .string(error.description)])
            return error
        }
    }
}
