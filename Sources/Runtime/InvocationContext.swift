public import JSON
public import Time

/// What an invocation knows of itself: the headers of the Runtime API's `next`.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
public struct InvocationContext: Sendable {
    /// Lambda's id of this invocation; stands in every log line.
    public var requestID: String
    /// When Lambda ends the invocation, by the clock of this machine.
    public var deadline: Timestamp
    /// As it was invoked: with version or alias when the caller named one.
    public var functionARN: String
    /// The X-Ray tracing header.
    public var traceID: String?
    /// From a mobile SDK; nil without one.
    public var clientContext: JSON?
    /// The Cognito identity of a mobile SDK; nil without one.
    public var cognitoIdentity: JSON?
    /// Of a function with tenant isolation.
    public var tenantID: String?

    /// Of the invocation that the current task belongs to; nil outside of one. Child tasks and those of `EventLoop.task` inherit it, so
    /// that invocations which run at once do not see each other's.
    @TaskLocal public static var current: InvocationContext?

    /// Until the deadline; zero when it has passed.
    public var remaining: Duration { max(.zero, deadline - Timestamp.now) }

    /// For tests, and for callers that play Lambda.
    public init(
        requestID: String, deadline: Timestamp, functionARN: String = "", traceID: String? = nil,
        clientContext: JSON? = nil, cognitoIdentity: JSON? = nil, tenantID: String? = nil
    ) {
        self.requestID = requestID
        self.deadline = deadline
        self.functionARN = functionARN
        self.traceID = traceID
        self.clientContext = clientContext
        self.cognitoIdentity = cognitoIdentity
        self.tenantID = tenantID
    }
}
