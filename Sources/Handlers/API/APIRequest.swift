import LambdaRuntime
import Time

/// What a route's endpoint is given.
struct APIRequest: Sendable {
    let http: HTTPRequest
    /// The gateway's request id, or the invocation's.
    let id: String
    /// The named segments of the path.
    let parameters: [String: String]
    /// The operation's name, as in the router's table.
    let operation: String
    /// When the invocation ends.
    let deadline: Timestamp
    /// Whether it came to the function that streams, whose role may not write.
    var readsOnly = false
}
