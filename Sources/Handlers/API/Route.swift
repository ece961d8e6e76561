import HTTP
import LambdaRuntime

/// A row of the router's table.
struct Route: Sendable {
    /// Who may call, and what answers: a route that needs a user cannot be written without asking for one.
    enum Endpoint: Sendable {
        case open(@Sendable (APIRequest) async throws -> HTTPResponse)
        case user(@Sendable (APIRequest, User) async throws -> HTTPResponse)
        /// nil when the client knows all that there is to know.
        case events(@Sendable (APIRequest, User) async throws -> JobEvents?)
    }

    let method: HTTPMethod
    let path: PathPattern
    /// Names the operation in logs, in the contract and in idempotency hashes; never changes once released.
    let name: String
    let endpoint: Endpoint
    /// What the caller's key or token must be good for; nil where nothing in particular is asked.
    let scope: Scope?
    /// Made only when the contract is asked for.
    let describe: @Sendable () -> RouteDescription

    init(
        _ method: HTTPMethod, _ path: String, _ name: String, _ endpoint: Endpoint, scope: Scope? = nil,
        _ description: @escaping @autoclosure @Sendable () -> RouteDescription
    ) {
        self.method = method
        self.path = PathPattern(path)
        self.name = name
        self.endpoint = endpoint
        self.scope = scope
        describe = description
    }

    /// Whether it answers whoever asks.
    var isOpen: Bool { if case .open = endpoint { true } else { false } }
}
