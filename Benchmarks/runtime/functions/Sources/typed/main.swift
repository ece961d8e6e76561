import Glibc
import HTTP
import LambdaCodable
import LambdaRuntime

/// The load generator's event.
struct Event: Codable {
    var id: Int
    var data: String
}

// Decodes the event, and encodes it again as the answer.
let loop = EventLoop()
exit(
    try loop.run {
        await LambdaRuntime.run(on: loop, environment: ProcessEnvironment.current) {
            CodableHandler { (event: Event, _) in event }
        }
    })
