import LambdaRuntime

/// A handler after whose invocations the counters are written when they are due: before the answer, as an environment that has answered
/// may be frozen at once.
struct MeteredHandler: InvocationHandler {
    let handler: any InvocationHandler
    let metrics: MetricStore

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        do {
            let answer = try await handler.handle(event, context)
            await metrics.flushIfDue()
            return answer
        } catch {
            await metrics.flushIfDue()
            throw error
        }
    }
}
