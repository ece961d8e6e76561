import Glibc
import HTTP
import LambdaRuntime

/// Answers with the event, byte for byte.
struct Echo: InvocationHandler {
    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] { event }
}

let loop = EventLoop()
exit(
    try loop.run {
        await LambdaRuntime.run(on: loop, environment: ProcessEnvironment.current) { Echo() }
    })
