extension HTTPClient {
    /// What holds for every request of a client.
    public struct Configuration: Sendable {
        /// PEM bundle; nil = `AWS_CA_BUNDLE`, `SSL_CERT_FILE`, or the system's known places, in this order.
        public var caBundle: String?
        /// Value of `User-Agent` where the request has none; nil sends none.
        public var userAgent: String? = "comfy-lambda"
        /// Open idle connections kept (`CURLMOPT_MAXCONNECTS`, 2n + 8 for n concurrent); the largest of a loop's
        /// clients holds for all of them.
        public var maximumConnections: Int = 136
        /// Proxies; the environment's by default.
        public var proxies: ProxySettings = .fromEnvironment()
        /// The defaults.
        public init() {}
    }

    /// Limits of one exchange; nil = none.
    public struct Timeouts: Sendable {
        /// Name lookup, connection and TLS handshake together.
        public var connect: Duration? = .seconds(5)
        /// No byte in either direction for this long, once connected.
        public var idle: Duration? = .seconds(30)
        /// Everything, redirects included.
        public var total: Duration? = .seconds(60)
        /// The defaults.
        public init() {}
    }

    /// A request body.
    public enum Body: Sendable {
        /// None; POST, PUT and PATCH then say `Content-Length: 0`.
        case none
        /// In memory.
        case bytes([UInt8])
        /// `length` nil sends chunked. Each call of `next` gives a piece, nil ends. Back-pressure: called only when
        /// there is room. Its calls run on the loop.
        case stream(length: Int?, next: @Sendable () async throws -> [UInt8]?)
    }

    /// One request.
    public struct Request: Sendable {
        /// Any token.
        public var method: HTTPMethod
        /// http or https.
        public var url: URL
        /// Sent in this order. `Content-Length`, `Transfer-Encoding` and `Expect` are the client's own: given ones
        /// are left out. `Accept: */*`, `User-Agent` and the invocation's trace (`CallContext`) are added where they are missing.
        public var headers: HTTPHeaders
        /// What is sent.
        public var body: Body
        /// Asked once a body without a length has ended, on the loop: fields that are sent after it (RFC 9112 §7.1.2). Announce
        /// them in `Trailer`. All are left out when one cannot be sent.
        public var trailers: (@Sendable () -> HTTPHeaders)?
        /// Limits of time.
        public var timeouts = Timeouts()
        /// Of the body, after decompression; over it: `responseTooLarge`.
        public var responseLimit: Int = 8 << 20
        /// Redirects followed; 0 gives the redirect itself back. 303, and 301 and 302 to a POST, become GET; another
        /// origin gets no `Authorization`, `Cookie` or `X-Amz-Security-Token`; https never leads to http.
        public var maximumRedirects = 0
        /// Looks at where the request leads, and each redirect, before anything is sent. For addresses that somebody else chose.
        public var addressGuard: AddressGuard?
        /// The one address that the guard lets this request connect to.
        var pinnedAddress: String?
        /// Sends `Accept-Encoding: gzip` and decompresses such a response; its headers stay as they were sent.
        public var acceptsGzip = false

        /// A request with the default limits.
        public init(_ method: HTTPMethod, _ url: URL, headers: HTTPHeaders = [:], body: Body = .none) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
        }
    }

    /// Status and headers.
    public struct ResponseHead: Sendable {
        /// 200 to 599.
        public var status: Int
        /// As received.
        public var headers: HTTPHeaders

        /// For tests of what reads responses.
        public init(status: Int, headers: HTTPHeaders) {
            self.status = status
            self.headers = headers
        }
    }

    /// A whole response.
    public struct Response: Sendable {
        /// 200 to 599.
        public var status: Int
        /// As received.
        public var headers: HTTPHeaders
        /// All of the body.
        public var body: [UInt8]

        /// For tests of what reads responses.
        public init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }
}
