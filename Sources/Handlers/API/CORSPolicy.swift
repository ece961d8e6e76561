import HTTP
import LambdaRuntime

/// Which pages of other origins may read the answers (https://fetch.spec.whatwg.org/#http-cors-protocol). None, unless configured.
struct CORSPolicy: Sendable {
    /// Origins as browsers write them (`https://example.org`), or `*` for any.
    let origins: Set<String>

    init(_ origins: [String]) {
        self.origins = Set(origins.map { $0.lowercased() })
    }

    /// What `Access-Control-Allow-Origin` says to this request; nil for nothing.
    private func allowed(_ request: HTTPRequest) -> String? {
        guard let origin = request.headers["Origin"] else { return nil }
        if origins.contains("*") { return "*" }
        return origins.contains(origin.lowercased()) ? origin : nil
    }

    /// The headers of any answer to this request.
    func headers(for request: HTTPRequest) -> HTTPHeaders {
        var headers: HTTPHeaders = [:]
        if origins.isEmpty { return headers }
        if !origins.contains("*") { headers["Vary"] = "Origin" }
        guard let origin = allowed(request) else { return headers }
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] =
            "Location, Preference-Applied, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, "
            + "X-RateLimit-Reset, X-Request-Id"
        return headers
    }

    /// The further headers of an answer to `OPTIONS`.
    func preflightHeaders(for request: HTTPRequest, _ methods: [HTTPMethod]) -> HTTPHeaders {
        let list = methods.map(\.rawValue).joined(separator: ", ")
        var headers: HTTPHeaders = ["Allow": list]
        guard request.headers["Access-Control-Request-Method"] != nil, allowed(request) != nil else {
            return headers
        }
        headers["Access-Control-Allow-Methods"] = list
        headers["Access-Control-Allow-Headers"] =
            "Authorization, Content-Type, Idempotency-Key, Prefer, X-API-Key"
        headers["Access-Control-Max-Age"] = "600"
        return headers
    }
}
