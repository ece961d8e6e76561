/// A function that answers piece by piece: for function URLs with `RESPONSE_STREAM`, and for `InvokeWithResponseStream`.
///
/// The first byte reaches the reader as soon as it is written, and a response may have 200 MB.
///
///     struct Countdown: StreamingHandler {
///         let loop: EventLoop
///         func handle(_ event: [UInt8], _ context: InvocationContext, _ response: ResponseWriter) async throws {
///             try await response.begin(status: 200, headers: ["Content-Type": "text/plain"])
///             for number in (1...10).reversed() {
///                 try await response.write("\(number)\n")
///                 try await loop.sleep(for: .seconds(1))
///             }
///         }
///     }
///
/// What it throws before its first byte fails the invocation; after it, it ends the response with an error that the reader sees.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
public protocol StreamingHandler: InvocationHandler {
    /// Writes the response to one event before the context's deadline. It ends when this returns.
    func handle(_ event: [UInt8], _ context: InvocationContext, _ response: ResponseWriter) async throws
}

extension StreamingHandler {
    /// Asked for, not found by a cast, which would search all conformances of the program at every start.
    public var streaming: (any StreamingHandler)? { self }

    /// The whole response at once, an HTTP response's head included: for tests, and for callers that do not stream.
    public func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        let channel = ResponseChannel()
        async let body = channel.collect()
        do {
            try await handle(event, context, ResponseWriter(channel))
        } catch {
            channel.finish(FunctionError(error))
            throw error
        }
        channel.finish(nil)
        return await body
    }
}
