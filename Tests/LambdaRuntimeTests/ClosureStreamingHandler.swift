import LambdaRuntime

/// A streaming handler that is a closure.
struct ClosureStreamingHandler: StreamingHandler {
    let body: @Sendable ([UInt8], InvocationContext, ResponseWriter) async throws -> Void

    init(_ body: @escaping @Sendable ([UInt8], InvocationContext, ResponseWriter) async throws -> Void) {
        self.body = body
    }

    func handle(_ event: [UInt8], _ context: InvocationContext, _ response: ResponseWriter) async throws {
        try await body(event, context, response)
    }
}
