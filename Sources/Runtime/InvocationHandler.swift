/// A function: raw bytes in and out.
///
/// A thrown `FunctionError` becomes the invocation's error as it is; any other error under its type's name. Neither
/// ends the process. Shortly before the invocation's deadline the handler's task is cancelled; what it throws then becomes
/// `Runtime.Timeout`, and an answer that it still returns is delivered.
public protocol InvocationHandler: Sendable {
    /// Answers one event before the context's deadline.
    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8]
    /// Itself, when it answers piece by piece; nil for every other handler. Nobody has to write it.
    var streaming: (any StreamingHandler)? { get }
}

extension InvocationHandler {
    /// One answer at once.
    public var streaming: (any StreamingHandler)? { nil }
}
