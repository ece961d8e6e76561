import HTTP
import LambdaRuntime

/// One table from which everything follows: which route answers, 404, 405 with `Allow`, `HEAD`, `OPTIONS`.
struct Router: Sendable {
    let routes: [Route]

    init(_ routes: [Route]) {
        self.routes = routes
    }

    /// What the table says of a request.
    enum Match: Sendable {
        case route(Route, parameters: [String: String])
        /// The path is known, the method is not one of these.
        case otherMethods([HTTPMethod])
        case options([HTTPMethod])
        case none
    }

    func match(_ method: HTTPMethod, _ path: String) -> Match {
        let parts = PathPattern.split(path)
        var found: [(route: Route, parameters: [String: String])] = []
        for route in routes {
            guard let parameters = route.path.match(parts) else { continue }
            let best = found.first?.route.path.literals ?? -1
            if route.path.literals > best { found.removeAll() }
            if route.path.literals >= best { found.append((route, parameters)) }
        }
        if found.isEmpty { return .none }
        // HEAD is GET without its body (RFC 9110 §9.3.2).
        let wanted = method == .head ? .get : method
        if let match = found.first(where: { $0.route.method == wanted }) {
            return .route(match.route, parameters: match.parameters)
        }
        let methods = Self.allowed(found.map(\.route.method))
        return method == .options ? .options(methods) : .otherMethods(methods)
    }

    private static func allowed(_ methods: [HTTPMethod]) -> [HTTPMethod] {
        var all = methods
        if methods.contains(.get) { all.append(.head) }
        all.append(.options)
        return all.sorted { $0.rawValue < $1.rawValue }
    }
}
