import LambdaRuntime
/// Being written.
struct APIHandler: InvocationHandler {
    let services: Services
    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] { [] }
}
