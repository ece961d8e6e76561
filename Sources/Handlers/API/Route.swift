import HTTP
import LambdaRuntime

/// A row of the router's table.
struct Route: Sendable {
    /// Who may call, and what answers: a route that needs a user cannot be written without asking for one.
    enum Endpoint: Sendable {
        case open(@Sendable (APIRequest) async throws -> HTTPResponse)
        /// Open and counted by address: where people sign in.
        case signIn(@Sendable (APIRequest) async throws -> SignIn)
        case user(@Sendable (APIRequest, User) async throws -> HTTPResponse)
        /// nil when the client knows all that there is to know.
        case events(@Sendable (APIRequest, User) async throws -> JobEvents?)
    }

    /// What calling it does to the world.
    enum Effect: Sendable {
        /// Nothing.
        case read
        /// Something that the audit log tells of.
        case change
        /// The same, and GPUs will work.
        case execution
    }

    let method: HTTPMethod
    let path: PathPattern
    /// Names the operation in logs, in the contract and in idempotency hashes; never changes once released.
    let name: String
    let endpoint: Endpoint
    /// What the caller's key or token must be good for; nil where nothing in particular is asked.
    let scope: Scope?
    let effect: Effect
    /// Made only when the contract is asked for.
    let describe: @Sendable () -> RouteDescription

    /// `effect` is `read` for GET and `change` for other methods, unless it is said.
    init(
        _ method: HTTPMethod, _ path: String, _ name: String, _ endpoint: Endpoint, scope: Scope? = nil,
        effect: Effect? = nil, _ description: @escaping @autoclosure @Sendable () -> RouteDescription
    ) {
        self.method = method
        self.path = PathPattern(path)
        self.name = name
        self.endpoint = endpoint
        self.scope = scope
        self.effect = effect ?? (method == .get ? .read : .change)
        describe = description
    }

    /// Whether it answers whoever asks.
    var isOpen: Bool { if case .open = endpoint { true } else { false } }

    /// Whether it answers who has not signed in.
    var asksNobody: Bool { if case .signIn = endpoint { true } else { isOpen } }
}

/// What a route on which one signs in answers.
struct SignIn: Sendable {
    var response: HTTPResponse
    /// Whose account it is about, for the audit log; nil when it is nobody's.
    var userID: String?
}
