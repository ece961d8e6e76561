import HTTP
import JSON
import Time

/// An event, and what must be said when it is answered.
struct Invocation: Sendable {
    var context: InvocationContext
    var event: [UInt8]
    /// Echoed when the event carried it, so that a late answer is not taken for another invocation's.
    var invocationID: String?
}

/// What the runtime loop needs of the Runtime API; tests put their own in its place.
protocol RuntimeAPI: Sendable {
    /// Waits for the next event, as long as it takes.
    func next() async throws(RuntimeAPIError) -> Invocation
    /// Answers an invocation.
    func respond(_ body: [UInt8], to invocation: Invocation) async throws(RuntimeAPIError)
    /// Reports an invocation's failure.
    func fail(_ error: FunctionError, _ invocation: Invocation) async throws(RuntimeAPIError)
    /// Reports that the function could not start.
    func failInit(_ error: FunctionError) async throws(RuntimeAPIError)
}

/// Why a call of the Runtime API came to nothing.
struct RuntimeAPIError: Error, Sendable, CustomStringConvertible {
    /// What the loop does about it.
    enum Kind: Sendable, Hashable {
        /// 413: this answer is too large; the invocation can still be failed.
        case tooLarge
        /// Any other 4xx, 410 (a stale invocation) included: logged, and the loop goes on.
        case refused
        /// 5xx, or nobody there: the environment is broken, and the process ends.
        case container
        /// The loop's own doing: it is stopping.
        case cancelled
    }
    let kind: Kind
    let description: String
}

/// The Runtime API over HTTP, version 2018-06-01.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
struct RuntimeAPIClient: RuntimeAPI {
    private let http: HTTPClient
    private let nextRequest: HTTPClient.Request
    private let invocationPath: String
    private let initErrorURL: URL

    /// Larger events are not Lambda's: 6 MB is its limit for synchronous invocations.
    private static let eventLimit = 32 << 20

    /// `address` is host and port, as `AWS_LAMBDA_RUNTIME_API` has them; nil when they are none.
    init?(http: HTTPClient, address: String) {
        let base = "http://\(address)/2018-06-01/runtime"
        guard let next = URL("\(base)/invocation/next"), let initError = URL("\(base)/init/error") else {
            return nil
        }
        self.http = http
        invocationPath = String(next.path.dropLast("next".count))
        initErrorURL = initError
        var request = HTTPClient.Request(.get, next)
        // The wait for an event may take hours; the process is frozen meanwhile.
        request.timeouts.idle = nil
        request.timeouts.total = nil
        request.responseLimit = Self.eventLimit
        nextRequest = request
    }

    func next() async throws(RuntimeAPIError) -> Invocation {
        let response = try await send(nextRequest)
        guard response.status == 200 else { throw error(response, "next") }
        let headers = response.headers
        guard let id = headers["lambda-runtime-aws-request-id"] else {
            throw RuntimeAPIError(kind: .refused, description: "an event without a request id")
        }
        let deadline = headers["lambda-runtime-deadline-ms"].flatMap { Int64($0) }
        let context = InvocationContext(
            requestID: id,
            deadline: deadline.map { Timestamp(milliseconds: $0) } ?? Timestamp.now + .seconds(900),
            functionARN: headers["lambda-runtime-invoked-function-arn"] ?? "",
            traceID: headers["lambda-runtime-trace-id"],
            clientContext: Self.json(headers["lambda-runtime-client-context"]),
            cognitoIdentity: Self.json(headers["lambda-runtime-cognito-identity"]),
            tenantID: headers["lambda-runtime-aws-tenant-id"])
        return Invocation(
            context: context, event: response.body,
            invocationID: headers["lambda-runtime-invocation-id"])
    }

    func respond(_ body: [UInt8], to invocation: Invocation) async throws(RuntimeAPIError) {
        try await post(body, invocation, "response", Self.responseHeaders)
    }

    func fail(_ error: FunctionError, _ invocation: Invocation) async throws(RuntimeAPIError) {
        try await post(error.document, invocation, "error", Self.errorHeaders(error))
    }

    func failInit(_ error: FunctionError) async throws(RuntimeAPIError) {
        let request = HTTPClient.Request(
            .post, initErrorURL, headers: Self.errorHeaders(error), body: .bytes(error.document))
        let response = try await send(request)
        guard (200..<300).contains(response.status) else { throw self.error(response, "init/error") }
    }

    private func post(_ body: [UInt8], _ invocation: Invocation, _ what: String, _ headers: HTTPHeaders)
        async throws(RuntimeAPIError)
    {
        let id = invocation.context.requestID
        var url = nextRequest.url
        url.path = invocationPath + URL.percentEncode(id) + "/" + what
        var request = HTTPClient.Request(.post, url, headers: headers, body: .bytes(body))
        // The limit of the whole is enough, and spares a timer for each answer.
        request.timeouts.idle = nil
        if let echo = invocation.invocationID { request.headers["Lambda-Runtime-Invocation-Id"] = echo }
        let response = try await send(request)
        guard (200..<300).contains(response.status) else { throw error(response, what) }
    }

    private func send(_ request: HTTPClient.Request) async throws(RuntimeAPIError) -> HTTPClient.Response {
        do {
            return try await http.send(request)
        } catch {
            throw RuntimeAPIError(
                kind: error.code == .cancelled ? .cancelled : .container, description: "\(error)")
        }
    }

    private func error(_ response: HTTPClient.Response, _ what: String) -> RuntimeAPIError {
        let text = String(decoding: response.body.prefix(300), as: UTF8.self)
        let kind: RuntimeAPIError.Kind =
            switch response.status {
            case 413: .tooLarge
            case 500...: .container
            default: .refused
            }
        return RuntimeAPIError(
            kind: kind, description: "the Runtime API answered \(what) with \(response.status): \(text)")
    }

    private static let responseHeaders: HTTPHeaders = ["Content-Type": "application/json"]

    private static func errorHeaders(_ error: FunctionError) -> HTTPHeaders {
        [
            "Content-Type": "application/vnd.aws.lambda.error+json",
            "Lambda-Runtime-Function-Error-Type": error.headerValue,
        ]
    }

    private static func json(_ header: String?) -> JSON? {
        header.flatMap { try? JSON(parsing: $0) }
    }
}
