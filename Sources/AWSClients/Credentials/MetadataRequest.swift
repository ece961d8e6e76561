import HTTP

/// A request to a service beside this program, which answers at once or not at all: short limits, three tries, bounded
/// answers.
struct MetadataRequest: Sendable {
    static let tries = 3

    /// Why there is no answer with status 200.
    struct Failure: Error {
        /// nil when nothing answered.
        var status: Int?
        var reason: String
    }

    var request: HTTPClient.Request

    /// `total` bounds one try.
    init(_ method: HTTPMethod, _ url: URL, total: Duration = .seconds(1)) {
        request = HTTPClient.Request(method, url)
        request.timeouts.connect = .seconds(1)
        request.timeouts.total = total
        request.responseLimit = 64 << 10
    }

    /// The body of a 200. Silence and server errors are tried again; any other status is an answer.
    func send(_ http: HTTPClient) async throws(AWSError) -> Result<[UInt8], Failure> {
        var failure = Failure(status: nil, reason: "")
        for _ in 1...Self.tries {
            let response: HTTPClient.Response
            do throws(HTTPError) {
                response = try await http.send(request)
            } catch {
                if error.code == .cancelled { throw AWSError(code: .cancelled, message: "cancelled") }
                failure = Failure(status: nil, reason: error.reason)
                continue
            }
            if response.status == 200 { return .success(response.body) }
            failure = Failure(status: response.status, reason: "HTTP \(response.status)")
            if response.status < 500 { break }
        }
        return .failure(failure)
    }
}
