/// What the calls that an invocation makes inherit from it: its trace, and the moment it ends.
///
/// The runtime sets it around each invocation's handler; child tasks and `EventLoop.task` inherit it. `HTTPClient` sends the trace
/// as `X-Amzn-Trace-Id` with each request that has no such header, so that X-Ray sees the calls as the invocation's.
public struct CallContext: Sendable {
    /// The invocation's `Lambda-Runtime-Trace-Id`: `Root=1-…;Parent=…;Sampled=1`. nil when there is none to pass on.
    ///
    /// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
    public var traceHeader: String?
    /// Headers that tell whom a call belongs to, asked for each request: they name the span at work. nil where nothing is traced.
    public var spanHeaders: (@Sendable () -> [(name: String, value: String)])?
    /// When Lambda ends the invocation, on a clock that nobody sets: what retries and attempts are bounded by. nil = no bound.
    public var deadline: ContinuousClock.Instant?

    /// The current task's; nil outside an invocation.
    @TaskLocal public static var current: CallContext?

    /// Sets what is known.
    public init(traceHeader: String? = nil, deadline: ContinuousClock.Instant? = nil) {
        self.traceHeader = traceHeader
        self.deadline = deadline
    }
}

extension HTTPHeaders {
    /// Adds what the current task's calls inherit, unless the request says otherwise itself.
    mutating func addTrace() {
        guard let context = CallContext.current else { return }
        if let trace = context.traceHeader, !contains("X-Amzn-Trace-Id") { add("X-Amzn-Trace-Id", trace) }
        for (name, value) in context.spanHeaders?() ?? [] where !contains(name) { add(name, value) }
    }
}
