import HTTP
import Telemetry

/// What is told of a request: by the pattern of its route, never by its path.
struct RequestMetrics: Sendable {
    let tallies: MetricTallies

    /// Counts an answer.
    func count(_ method: HTTPMethod, _ match: Router.Match, _ status: Int, _ duration: Duration) {
        let (method, endpoint) = Self.labels(method, match)
        let seconds = duration / .seconds(1)
        Metrics.add(
            .requests, 1, .count, dimensions: ["Route": "\(method) \(endpoint)", "Status": "\(status)"])
        Metrics.add(
            .requestDuration, seconds * 1000, .milliseconds, dimensions: ["Route": "\(method) \(endpoint)"])
        tallies.count(.requests, method, endpoint, "\(status)")
        tallies.observe(.requestDuration, method, endpoint, value: seconds)
    }

    private static let methods: Set<HTTPMethod> = [.get, .head, .post, .put, .patch, .delete, .options]

    /// Of fixed sets.
    static func labels(_ method: HTTPMethod, _ match: Router.Match) -> (method: String, endpoint: String) {
        (label(method), label(match))
    }

    private static func label(_ method: HTTPMethod) -> String {
        methods.contains(method) ? method.rawValue : "other"
    }

    /// Where no route answers the path is whatever somebody sent.
    private static func label(_ match: Router.Match) -> String {
        if case .route(let route, _) = match { route.path.description } else { "none" }
    }
}
