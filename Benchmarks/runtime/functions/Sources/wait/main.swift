import Glibc
import HTTP
import LambdaRuntime

/// Waits 50 ms, as for a service, and answers with the event.
struct Wait: InvocationHandler {
    let loop: EventLoop

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        try await loop.sleep(for: .milliseconds(50))
        return event
    }
}

let loop = EventLoop()
exit(
    try loop.run {
        await LambdaRuntime.run(on: loop, environment: ProcessEnvironment.current) { Wait(loop: loop) }
    })
