import HTTP
import JSON
import LambdaRuntime

/// What every answer carries, whatever made it.
struct ResponseFinisher: Sendable {
    let cors: CORSPolicy

    /// Bodies above this many bytes are compressed for who accepts it.
    static let compressionThreshold = 1000

    init(_ cors: CORSPolicy) {
        self.cors = cors
    }

    func finish(_ response: HTTPResponse, to request: HTTPRequest, requestID: String) -> HTTPResponse {
        var response = response
        compress(&response, for: request)
        for (name, value) in cors.headers(for: request) {
            if name == "Vary" { Self.vary(&response, by: value) } else { response.headers[name] = value }
        }
        response.headers["X-Request-Id"] = requestID
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        // Jobs change, and belong to somebody.
        if response.headers["Cache-Control"] == nil { response.headers["Cache-Control"] = "no-store" }
        if request.method == .head { response.body = [] }
        return response
    }

    private func compress(_ response: inout HTTPResponse, for request: HTTPRequest) {
        guard response.body.count > Self.compressionThreshold,
            response.headers["Content-Encoding"] == nil
        else { return }
        Self.vary(&response, by: "Accept-Encoding")
        guard AcceptEncoding(request.headers["Accept-Encoding"]).prefersGzip else { return }
        response.body = Gzip.compress(response.body)
        response.headers["Content-Encoding"] = "gzip"
    }

    private static func vary(_ response: inout HTTPResponse, by name: String) {
        response.headers["Vary"] = response.headers["Vary"].map { "\($0), \(name)" } ?? name
    }
}

extension HTTPResponse {
    /// JSON, compact.
    static func json(_ json: JSON, status: Int = 200, headers: HTTPHeaders = [:]) -> HTTPResponse {
        var headers = headers
        headers["Content-Type"] = "application/json"
        return HTTPResponse(status: status, headers: headers, body: json.serialized())
    }

    /// An error's document and headers.
    init(_ error: APIError, requestID: String) {
        self = .json(error.json(requestID: requestID), status: error.code.status, headers: error.headers)
    }
}
