import Glibc
import HTTP
import JSON
import Telemetry

/// next → handle → response or error, again and again. One loop handles one invocation at a time.
///
/// All of it runs on the event loop's thread, which is what makes `isIdle` safe to read from a signal's action.
final class RuntimeLoop: @unchecked Sendable {
    private let api: any RuntimeAPI
    private let handler: any InvocationHandler
    /// `_X_AMZN_TRACE_ID` is one per process: set only when one invocation runs at a time.
    private let traceVariable: TraceVariable?
    /// Waits on the loop's timer; shorter when the task is cancelled.
    private let pause: @Sendable (Duration) async -> Void
    private var isStopping = false
    private(set) var isIdle = true

    init(
        api: any RuntimeAPI, handler: any InvocationHandler, setsTraceVariable: Bool,
        pause: @escaping @Sendable (Duration) async -> Void
    ) {
        self.api = api
        self.handler = handler
        traceVariable = setsTraceVariable ? TraceVariable() : nil
        self.pause = pause
    }

    /// No further event is asked for.
    func stop() { isStopping = true }

    /// Returns when it was stopped; throws when the Runtime API is gone.
    func run() async throws(RuntimeAPIError) {
        var refusals = 0
        while !isStopping {
            isIdle = true
            let invocation: Invocation
            do {
                invocation = try await api.next()
            } catch {
                switch error.kind {
                case .cancelled: return
                case .container: throw error
                case .refused, .tooLarge:
                    Log.error("no event", ["error": .string(error.description)])
                    // One refusal is of one event; an API that goes on refusing must not be asked as fast as it can answer.
                    if refusals > 0 { await pause(.milliseconds(50 << min(refusals, 5))) }
                    refusals += 1
                    continue
                }
            }
            refusals = 0
            isIdle = false
            try await answer(invocation)
        }
    }

    private func answer(_ invocation: Invocation) async throws(RuntimeAPIError) {
        let context = invocation.context
        traceVariable?.set(context.traceID)
        let logContext = Log.Context(
            requestID: context.requestID, tenantID: context.tenantID, traceID: context.traceID)
        let failure = await Log.$context.withValue(logContext) { () -> RuntimeAPIError? in
            await Metrics.ofInvocation {
                do throws(RuntimeAPIError) {
                    try await handle(invocation)
                    return nil
                } catch {
                    Metrics.invocationFailed()
                    Log.error("answer not delivered", ["error": .string(error.description)])
                    return error
                }
            }
        }
        if let failure, failure.kind == .container { throw failure }
    }

    private func handle(_ invocation: Invocation) async throws(RuntimeAPIError) {
        let body: [UInt8]
        let begun = ContinuousClock.now
        do {
            let context = invocation.context
            let calls = CallContext(traceHeader: context.traceID, deadline: .now + context.remaining)
            body = try await CallContext.$current.withValue(calls) {
                try await handler.handle(invocation.event, context)
            }
            Metrics.handlerEnded(begun: begun)
        } catch {
            Metrics.handlerEnded(begun: begun)
            Metrics.invocationFailed()
            let failure = FunctionError(error)
            Log.error(
                "invocation failed",
                ["errorType": .string(failure.type), "errorMessage": .string(failure.message)])
            return try await api.fail(failure, invocation)
        }
        do {
            try await api.respond(body, to: invocation)
        } catch  where error.kind == .tooLarge {
            Metrics.invocationFailed()
            Log.error("response too large", ["bytes": .number(body.count)])
            let failure = FunctionError(
                type: "Function.ResponseSizeTooLarge",
                message: "The response has \(body.count) bytes, more than Lambda takes.")
            try await api.fail(failure, invocation)
        }
    }
}
