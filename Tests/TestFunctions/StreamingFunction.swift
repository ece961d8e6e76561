import HTTP
import LambdaRuntime

/// A function that streams: `_HANDLER=stream`.
struct StreamingFunction: StreamingHandler {
    func handle(_ event: [UInt8], _ context: InvocationContext, _ response: ResponseWriter) async throws {
        let wish = String(decoding: event, as: UTF8.self)
        let failure = FunctionError(type: "Test.Thrown", message: "thrown because the event asked for it")
        if wish == #""throw first""# { throw failure }
        try await response.begin(
            status: 201, headers: ["Content-Type": "text/plain"], cookies: ["a=1", "b=2"])
        try await response.write("one, ")
        if wish == #""throw midway""# { throw failure }
        // More than the connection's buffers take: it goes out while it is made.
        for _ in 0..<(wish == #""much""# ? 128 : 0) {
            try await response.write([UInt8](repeating: UInt8(ascii: "."), count: 32 << 10))
        }
        try await response.write("two")
    }
}
