/// One request and its response on a plain connection.
///
/// `@unchecked Sendable`: until its end all of it is used on the loop's thread only; then nothing changes any more.
final class PlainExchange: @unchecked Sendable {
    let request: PlainClient.Request
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

    init(_ request: PlainClient.Request) {
        self.request = request
        reader = ResponseReader(limit: request.responseLimit)
    }

    var isOver: Bool { result != nil }

    /// Resumes at the end; `response` then has the result, on any thread.
    func resumeAtEnd(_ continuation: CheckedContinuation<Void, Never>) {
        if isOver { continuation.resume() } else { completion = continuation }
    }

    /// Nothing when it is over.
    func end(_ result: Result<HTTPClient.Response, HTTPError>) {
        if isOver { return }
        self.result = result
        connection = nil
        completion?.resume()
        completion = nil
    }

    /// The response of an exchange that is over.
    func response() throws(HTTPError) -> HTTPClient.Response {
        guard let result else { preconditionFailure("the exchange goes on") }
        return try result.get()
    }
}
