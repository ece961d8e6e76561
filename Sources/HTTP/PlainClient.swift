/// An HTTP/1.1 client for one server at a numeric address, in clear text: over kept connections of its own, without libcurl.
///
/// It is for a server on the same machine that is asked again and again, as Lambda's Runtime API is: there libcurl's generality is most of
/// what an exchange costs. Everything else is `HTTPClient`'s: names, TLS, proxies, redirects, streams, gzip.
///
/// A request on a kept connection that turns out to be dead before a byte of the answer came is sent once more on a new one.
public final class PlainClient: Sendable {
    /// One request.
    public struct Request: Sendable {
        /// Any token.
        public var method: HTTPMethod
        /// Path and query as they stand in a request line.
        public var target: String
        /// Sent in this order, after `Host`. `Content-Length` is the client's own; the others that say how long a body is must not be there.
        public var headers: HTTPHeaders
        /// nil: none, which is not the same as an empty one.
        public var body: [UInt8]?
        /// For name and connection: see `HTTPClient.Timeouts`. nil = no limit.
        public var connectTimeout: Duration? = .seconds(5)
        /// Of the whole exchange, once connected; nil = no limit.
        public var timeout: Duration? = .seconds(60)
        /// Of the body; over it: `responseTooLarge`.
        public var responseLimit = 8 << 20

        /// A request with the default limits.
        public init(
            _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil
        ) {
            self.method = method
            self.target = target
            self.headers = headers
            self.body = body
        }
    }

    /// The loop that does the work.
    public let loop: EventLoop
    private let pool: PlainConnectionPool

    /// A client of the server that `url` names, whose path and query are left out; nil when it is not http at an IPv4 or IPv6 address.
    /// - Parameter texts: names and values of headers that its responses are known to carry, as it writes them: they then cost less. Others may
    ///   come all the same.
    public init?(loop: EventLoop, server url: URL, expecting texts: [String] = []) {
        guard url.scheme == "http", url.isWellFormed, url.isNumeric else { return nil }
        self.loop = loop
        pool = PlainConnectionPool(loop, url, KnownTexts(texts))
    }

    deinit {
        let (loop, pool) = (loop, pool)
        loop.perform { pool.close() }
    }

    /// Any status is a response; only a failed exchange throws. Cancelling the task cancels it.
    public func send(_ request: Request) async throws(HTTPError) -> HTTPClient.Response {
        if Task.isCancelled {
            throw HTTPError(
                .cancelled, pool.url(request.target), "the task was cancelled", mayHaveBeenSent: false)
        }
        let exchange = exchange(request)
        await withTaskCancellationHandler {
            unsafe await withUnsafeContinuation { unsafe exchange.start($0) }
        } onCancel: {
            exchange.cancel()
        }
        return try exchange.response()
    }

    /// An exchange that has not begun; what the caller got wrong has ended it already.
    public func exchange(_ request: Request) -> PlainExchange {
        do throws(HTTPError) {
            return try prepare(request).exchange(body: request.body)
        } catch {
            let exchange = PlainExchange([], nil, request.limits, pool)
            exchange.fail(error)
            return exchange
        }
    }

    /// A request that is sent again and again, checked and written once.
    /// - Parameter ending: of the target, behind the piece that each exchange has of its own.
    /// - Throws: `invalidRequest`, with what the caller got wrong.
    public func prepare(_ request: Request, ending: String = "") throws(HTTPError) -> PreparedRequest {
        if let reason = refusal(request, ending) {
            throw HTTPError(.invalidRequest, pool.url(request.target), reason, mayHaveBeenSent: false)
        }
        return PreparedRequest(request, ending, pool)
    }

    /// What a caller can get wrong, found before anything is sent: no part may end its line early.
    private func refusal(_ request: Request, _ ending: String) -> String? {
        guard !request.method.rawValue.isEmpty, allBytes(of: request.method.rawValue, isTokenByte) else {
            return "the method is no token"
        }
        guard request.target.utf8.first == UInt8(ascii: "/"), allBytes(of: request.target, URL.isTargetByte),
            allBytes(of: ending, URL.isTargetByte)
        else { return "no path" }
        return request.headers.firstInvalidName.map { "header \($0.debugDescription) cannot be sent" }
    }
}
