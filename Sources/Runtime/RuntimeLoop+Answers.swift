import HTTP
import JSON
import Telemetry

// From an invocation to what the Runtime API is told of it.
extension RuntimeLoop {
    // MARK: One answer at once

    @inline(__always)
    func handle(_ invocation: Invocation) async throws(RuntimeAPIError) {
        let (handler, begun, api) = (shared.handler, Metrics.handlerBegins(), api)
        let run = HandlerRun(on: shared.loop, watchdog) { body in
            Metrics.handlerEnded(begun: begun)
            return api.responseExchange(body, to: invocation)
        }
        let remaining = invocation.context.remaining
        let outcome = await run.outcome(
            of: invocation, remaining: remaining,
            limit: TimeLimit(remaining: remaining, margin: shared.margin)
        ) {
            try await handler.handle(invocation.event, invocation.context)
        }
        switch outcome {
        case .success(let body): try await respond(body, to: invocation, run.exchange)
        case .failure(let failure):
            Metrics.handlerEnded(begun: begun)
            try await fail(failure, invocation)
        }
        if !run.isOver { try await waitForEnd(of: run) }
    }

    /// An answer is sent again when its connection breaks: it may have been lost. When it was not, the Runtime API refuses the second,
    /// which is logged and harms nobody.
    /// - Parameter exchange: the first try, which is over; nil when none was made.
    @inline(__always)
    private func respond(
        _ body: [UInt8], to invocation: Invocation, _ exchange: PlainExchange? = nil
    ) async throws(RuntimeAPIError) {
        let response: HTTPClient.Response
        do {
            if let exchange {
                response = try RuntimeAPIClient.response(of: exchange)
            } else {
                response = try await api.send(RuntimeAPIClient.answer(body, to: invocation))
            }
        } catch  where error.kind == .unreachable {
            response = try await api.send(RuntimeAPIClient.answer(body, to: invocation))
        }
        do {
            try RuntimeAPIClient.check(response, "response")
        } catch  where error.kind == .tooLarge {
            Metrics.invocationFailed()
            invocation.log(.error, "response too large", ["bytes": .number(body.count)])
            try await api.fail(.tooLarge("The response has \(body.count) bytes, more"), invocation)
        }
    }

    private func fail(_ failure: FunctionError, _ invocation: Invocation) async throws(RuntimeAPIError) {
        Metrics.invocationFailed()
        invocation.log(
            .error, "invocation failed",
            ["errorType": .string(failure.type), "errorMessage": .string(failure.message)])
        try await api.fail(failure, invocation)
    }

    // MARK: Piece by piece

    func stream(_ handler: any StreamingHandler, _ invocation: Invocation)
        async throws(RuntimeAPIError)
    {
        let (channel, context) = (ResponseChannel(), invocation.context)
        let remaining = context.remaining
        let limit = TimeLimit(remaining: remaining, margin: shared.margin)
        let transfer = transfer(channel, invocation)
        // A reader that takes nothing would hold up even the error's trailers.
        let timer = limit.map { limit in
            shared.loop.addTimer(after: limit.untilDeadline) { transfer.cancel() }
        }
        let (run, begun) = (HandlerRun(on: shared.loop, watchdog) { _ in nil }, Metrics.handlerBegins())
        let outcome = await run.outcome(of: invocation, remaining: remaining, limit: limit) {
            try await handler.handle(invocation.event, context, ResponseWriter(channel))
            return []
        }
        Metrics.handlerEnded(begun: begun)
        var failure: FunctionError?
        if case .failure(let error) = outcome { failure = error }
        channel.finish(failure)
        let end = try? await transfer.value
        if let timer { shared.loop.cancelTimer(timer) }
        switch end {
        case .delivered:
            if let failure {
                Metrics.invocationFailed()
                invocation.log(
                    .error, "invocation failed midway",
                    ["errorType": .string(failure.type), "errorMessage": .string(failure.message)])
            }
        case .notBegun:
            if let failure {
                try await fail(failure, invocation)
            } else {
                try await respond([], to: invocation)
            }
        case .failed(let error) where error.kind == .tooLarge:
            try await fail(.tooLarge("The response has more bytes"), invocation)
        case .failed(let error) where error.kind == .unreachable:
            invocation.log(.warn, "the response's connection broke", ["error": .string(error.description)])
            let broken = FunctionError(
                type: "Runtime.ResponseStreamBroken",
                message: "The connection broke while the response was sent.")
            try await fail(failure ?? broken, invocation)
        case .failed(let error): throw error
        case nil: break
        }
        if !run.isOver { try await waitForEnd(of: run) }
    }

    private enum TransferEnd: Sendable {
        case delivered, notBegun
        case failed(RuntimeAPIError)
    }

    /// Sends what comes through the channel, as soon as something does.
    private func transfer(_ channel: ResponseChannel, _ invocation: Invocation) -> Task<
        TransferEnd, any Error
    > {
        let api = api
        return invocation.withLogContext {
            shared.loop.task {
                guard let contentType = await channel.opened() else { return .notBegun }
                defer { channel.close() }
                do throws(RuntimeAPIError) {
                    try await api.stream(channel, contentType: contentType, to: invocation)
                    return .delivered
                } catch {
                    return .failed(error)
                }
            }
        }
    }

    // MARK: After a handler

    /// A handler that was given up still uses its slot. When no slot is left, the process ends: Lambda starts another, and nothing of
    /// this one runs into the next invocation.
    private func waitForEnd(of run: HandlerRun) async throws(RuntimeAPIError) {
        shared.runaways += 1
        guard shared.runaways < shared.concurrency else {
            throw RuntimeAPIError(
                kind: .runaway,
                description: "the handler goes on after its deadline and ignores its cancellation")
        }
        await run.end()
        shared.runaways -= 1
    }
}

extension FunctionError {
    fileprivate static func tooLarge(_ size: String) -> FunctionError {
        FunctionError(type: "Function.ResponseSizeTooLarge", message: "\(size) than Lambda takes.")
    }
}
