/// An HTTP client over libcurl's multi interface on an event loop. Callable from any task; the work happens on the loop.
public final class HTTPClient: Sendable {
    /// What holds for every request of a client.
    public struct Configuration: Sendable {
        /// PEM bundle; nil = `AWS_CA_BUNDLE`, `SSL_CERT_FILE`, or the system's known places, in this order.
        public var caBundle: String?
        public var userAgent: String = "comfy-lambda"
        /// Open idle connections kept (`CURLMOPT_MAXCONNECTS`, 2n + 8 for n concurrent).
        public var maximumConnections: Int = 136
        public init() {}
    }
    /// Limits of one exchange; nil = none.
    public struct Timeouts: Sendable {
        public var connect: Duration? = .seconds(5)
        /// No byte in either direction for this long.
        public var idle: Duration? = .seconds(30)
        public var total: Duration? = .seconds(60)
        public init() {}
    }
    /// A request body.
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// `length` nil sends chunked. Each call of `next` gives a piece, nil ends. Back-pressure: called only when there is room.
        case stream(length: Int?, next: @Sendable () async throws -> [UInt8]?)
    }
    /// One request.
    public struct Request: Sendable {
        public var method: HTTPMethod
        public var url: URL
        public var headers: HTTPHeaders
        public var body: Body
        public var timeouts = Timeouts()
        /// Of the body, after decompression; over it: `responseTooLarge`.
        public var responseLimit: Int = 8 << 20
        public var maximumRedirects = 0
        public init(_ method: HTTPMethod, _ url: URL, headers: HTTPHeaders = [:], body: Body = .none) { fatalError("stub") }
    }
    /// Status and headers.
    public struct ResponseHead: Sendable {
        public var status: Int
        public var headers: HTTPHeaders
    }
    /// A whole response.
    public struct Response: Sendable {
        public var status: Int
        public var headers: HTTPHeaders
        public var body: [UInt8]
    }
    /// A response whose body is still coming. Dropping it cancels the transfer.
    public struct StreamingResponse: Sendable {
        public var head: ResponseHead
        /// The next piece, nil at the end; the transfer is paused while nobody asks (bounded memory).
        public func next() async throws(HTTPError) -> [UInt8]? { fatalError("stub") }
        /// Reads on to the end, at most `limit` bytes.
        public func collect(limit: Int) async throws(HTTPError) -> [UInt8] { fatalError("stub") }
    }
    public let loop: EventLoop
    public init(loop: EventLoop, configuration: Configuration = .init()) { fatalError("stub") }
    /// Any status is a response; only a failed exchange throws. Cancelling the task cancels the transfer.
    public func send(_ request: Request) async throws(HTTPError) -> Response { fatalError("stub") }
    /// Returns when the head is there. `responseLimit` holds here too.
    public func stream(_ request: Request) async throws(HTTPError) -> StreamingResponse { fatalError("stub") }
    /// Connections opened so far: reuse is a measured promise.
    public var connectionsOpened: Int { fatalError("stub") }
    /// WebSocket (RFC 6455) over `CURLOPT_CONNECT_ONLY`; ws and wss.
    public func webSocket(_ url: URL, headers: HTTPHeaders = [:], frameLimit: Int = 16 << 20, timeouts: Timeouts = .init()) async throws(HTTPError) -> WebSocket { fatalError("stub") }
}
