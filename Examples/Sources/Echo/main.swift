import LambdaRuntime

/// The event back, byte for byte.
struct Echo: InvocationHandler {
    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] { event }
}

LambdaRuntime.main { _ in Echo() }
