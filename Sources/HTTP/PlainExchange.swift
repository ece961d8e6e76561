/// One request and its response on a plain connection: what `PlainClient.send` is made of, for a caller that exchanges again and again
/// and wants each to cost one suspension of its task.
///
/// `@unchecked Sendable`: until its end all of it is used on the loop's thread only; then nothing changes any more.
public final class PlainExchange: @unchecked Sendable {
    let request: PlainClient.Request
    private let pool: PlainConnectionPool
    /// What has come of the response.
    var reader: ResponseReader
    /// Whether it was begun anew on a second connection.
    var isRepeated = false
    /// The connection it is on.
    var connection: PlainConnection?
    /// Whether a byte of the request can have reached the server.
    var mayHaveBeenSent = false
    private var result: Result<HTTPClient.Response, HTTPError>?
    private var completion: CheckedContinuation<Void, Never>?

    init(_ request: PlainClient.Request, _ pool: PlainConnectionPool) {
        self.request = request
        self.pool = pool
        reader = ResponseReader(limit: request.responseLimit, known: pool.known)
    }

    var isOver: Bool { result != nil }

    /// Begins the exchange, once, and resumes the continuation at its end. Nobody but `cancel` ends it early: not the task's cancellation.
    public func start(_ continuation: CheckedContinuation<Void, Never>) {
        // The usual case, without a closure to be kept.
        if pool.loop.mayAct { begin(continuation) } else { pool.loop.perform { self.begin(continuation) } }
    }

    private func begin(_ continuation: CheckedContinuation<Void, Never>) {
        pool.start(self)
        if isOver { continuation.resume() } else { completion = continuation }
    }

    /// Has an exchange that is not over end in `cancelled`, from any thread.
    public func cancel() {
        pool.loop.perform { self.pool.cancel(self) }
    }

    /// Nothing when it is over.
    func end(_ result: Result<HTTPClient.Response, HTTPError>) {
        if isOver { return }
        self.result = result
        connection = nil
        completion?.resume()
        completion = nil
    }

    /// The response of an exchange that is over. Any status is a response; only a failed exchange throws.
    public func response() throws(HTTPError) -> HTTPClient.Response {
        guard let result else { preconditionFailure("the exchange goes on") }
        return try result.get()
    }
}
