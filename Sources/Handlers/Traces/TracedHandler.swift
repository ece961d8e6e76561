import LambdaRuntime
import Telemetry

/// A handler each of whose invocations is a span, sent before the answer.
struct TracedHandler: InvocationHandler {
    let handler: any InvocationHandler
    let tracer: Tracer
    /// nil for a handler that makes its spans itself, as it knows the caller better.
    let name: String?

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        let result: Result<[UInt8], any Error>
        if let name {
            result = await tracer.root(
                name, .consumer, parent: context.traceID.flatMap { TraceContext(invocation: $0) },
                attributes: ["faas.invocation_id": context.requestID]
            ) { await outcome(event, context) }
        } else {
            result = await outcome(event, context)
        }
        await tracer.flush()
        return try result.get()
    }

    private func outcome(_ event: [UInt8], _ context: InvocationContext) async -> Result<[UInt8], any Error> {
        do { return .success(try await handler.handle(event, context)) } catch { return .failure(error) }
    }
}
