public import HTTP

/// A whole request as a client sent it.
public struct ServerRequest: Sendable {
    /// As sent; methods are case-sensitive (RFC 9110 §9.1).
    public var method: HTTPMethod
    /// Path and query exactly as they stood in the request line, escapes included.
    public var target: String
    /// In the order sent, repeated names kept.
    public var headers: HTTPHeaders
    /// The whole body, at most the server's limit; empty when a `BodyReceiver` took it.
    public var body: [UInt8]
    /// The fields after a chunked body.
    public var trailers = HTTPHeaders()

    /// A request for handlers under test; a server makes its own.
    public init(_ method: HTTPMethod, target: String, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }

    /// The target up to its `?`, still escaped.
    public var path: String {
        String(target.prefix { $0 != "?" })
    }

    /// What follows the first `?`, still escaped; nil when there is none.
    public var query: String? {
        target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) }
    }
}

/// Takes the body of a request as it comes, on the server's own thread. There is no back-pressure: a server for local use.
public protocol BodyReceiver: Sendable {
    /// The next piece.
    func receive(_ piece: [UInt8])
    /// The client hung up before the end of the body; the handler will not be called.
    func hungUp()
}

/// What a handler answers.
public struct ServerResponse: Sendable {
    /// A response body.
    public enum Body: Sendable {
        /// Sent with its length.
        case bytes([UInt8])
        /// Sent chunked, each piece as it comes, nil ends. Throwing drops the connection mid-body, so that
        /// the client sees a truncated answer. Asked for the next piece only when the last one is on its way.
        case stream(next: @Sendable () async throws -> [UInt8]?)
    }

    /// 100 to 599.
    public var status: Int
    /// Added to the server's own (Date, Connection, Content-Length or Transfer-Encoding).
    public var headers: HTTPHeaders
    /// The body.
    public var body: Body

    /// A response with a body in memory.
    public init(status: Int = 200, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.init(status: status, headers: headers, body: .bytes(body))
    }

    /// A response of either kind.
    public init(status: Int, headers: HTTPHeaders, body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
