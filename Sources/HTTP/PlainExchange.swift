/// One request and its response on a plain connection: what `PlainClient.send` is made of, for a caller that exchanges again and again
/// and wants each to cost one suspension of its task.
///
/// `@unchecked Sendable`: until its end all of it is used on the loop's thread only; then nothing changes any more.
@safe public final class PlainExchange: @unchecked Sendable {
    /// What an exchange is bounded by: see `PlainClient.Request`.
    struct Limits: Sendable {
        let connect: Duration?
        let whole: Duration?
        let response: Int
    }

    /// What goes over the wire: the head, maybe with a small body behind it, and then a larger one.
    let head: [UInt8]
    let body: [UInt8]?
    let limits: Limits
    private let pool: PlainConnectionPool
    /// What has come of the response.
    var reader: ResponseReader
    /// Whether it was begun anew on a second connection.
    var isRepeated = false
    /// The connection it is on.
    var connection: PlainConnection?
    /// Whether a byte of the request can have reached the server.
    var mayHaveBeenSent = false
    /// One of them is there when it is over.
    private var arrived: HTTPClient.Response?
    private var error: HTTPError?
    /// Unchecked: a checked one would be an allocation, and cost as much as the rest of a suspension. Every way of an exchange leads to
    /// `end`, which takes it.
    private var completion: UnsafeContinuation<Void, Never>?

    init(_ head: [UInt8], _ body: [UInt8]?, _ limits: Limits, _ pool: PlainConnectionPool) {
        self.head = head
        self.body = body
        self.limits = limits
        self.pool = pool
        reader = ResponseReader(limit: limits.response, known: pool.known)
    }

    /// For errors.
    var url: URL {
        let parts = head.split(separator: UInt8(ascii: " "), maxSplits: 2)
        return pool.url(parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "/")
    }

    package private(set) var isOver = false

    /// Begins the exchange, once, and resumes the continuation at its end. Nobody but `cancel` ends it early: not the task's cancellation.
    package func start(_ continuation: UnsafeContinuation<Void, Never>) {
        // The usual case, without a closure to be kept.
        if pool.loop.mayAct {
            unsafe begin(continuation)
        } else {
            pool.loop.perform { unsafe self.begin(continuation) }
        }
    }

    private func begin(_ continuation: UnsafeContinuation<Void, Never>) {
        pool.start(self)
        if isOver { unsafe continuation.resume() } else { unsafe completion = continuation }
    }

    /// Has an exchange that is not over end in `cancelled`, from any thread.
    public func cancel() {
        pool.loop.perform { self.pool.cancel(self) }
    }

    /// The response has come.
    func end(_ response: HTTPClient.Response) {
        if isOver { return }
        arrived = response
        end()
    }

    /// It failed; nothing when it is over.
    func fail(_ error: HTTPError) {
        if isOver { return }
        self.error = error
        end()
    }

    private func end() {
        isOver = true
        connection = nil
        guard let waiter = unsafe completion else { return }
        unsafe completion = nil
        unsafe waiter.resume()
    }

    /// The response of an exchange that is over. Any status is a response; only a failed exchange throws.
    public func response() throws(HTTPError) -> HTTPClient.Response {
        if let error { throw error }
        guard let arrived else { preconditionFailure("the exchange goes on") }
        return arrived
    }
}
