import HTTP
import LambdaRuntime

/// A line a second, each sent when it is written: for a function URL with `RESPONSE_STREAM`.
struct Countdown: StreamingHandler {
    let loop: EventLoop
    let start: Int

    func handle(_ event: [UInt8], _ context: InvocationContext, _ response: ResponseWriter) async throws {
        try await response.begin(status: 200, headers: ["Content-Type": "text/plain"])
        for number in (1...start).reversed() {
            try await response.write("\(number)\n")
            try await loop.sleep(for: .seconds(1))
        }
        try await response.write("lift-off\n")
    }
}

LambdaRuntime.main { loop in
    let start = ProcessEnvironment.current["COUNTDOWN_FROM"].flatMap { Int($0) } ?? 10
    return Countdown(loop: loop, start: max(1, start))
}
