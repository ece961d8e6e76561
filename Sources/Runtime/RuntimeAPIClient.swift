import HTTP
import JSON
import Time

/// The Runtime API over HTTP, version 2018-06-01.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
struct RuntimeAPIClient: Sendable {
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

    /// Waits for the next event, as long as it takes.
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

    /// Answers an invocation.
    func respond(_ body: [UInt8], to invocation: Invocation) async throws(RuntimeAPIError) {
        let request = request(invocation, "response", Self.responseHeaders, body: .bytes(body))
        try await post(request, "response")
    }

    /// Answers an invocation with what comes through the channel. Not sent again when the connection breaks: what went is gone.
    ///
    /// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
    func stream(_ channel: ResponseChannel, contentType: String, to invocation: Invocation)
        async throws(RuntimeAPIError)
    {
        var request = request(
            invocation, "response",
            [
                "Content-Type": contentType, "Lambda-Runtime-Function-Response-Mode": "streaming",
                "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
            ],
            body: .stream(length: nil) { await channel.next() })
        request.trailers = { channel.failure?.trailers ?? [:] }
        // The handler takes its time, and so may the reader: the invocation's deadline is the limit.
        request.timeouts.total = nil
        let response = try await send(request)
        guard (200..<300).contains(response.status) else { throw error(response, "response") }
    }

    /// Reports an invocation's failure.
    func fail(_ error: FunctionError, _ invocation: Invocation) async throws(RuntimeAPIError) {
        var headers = error.headers
        headers["Lambda-Runtime-Function-XRay-Error-Cause"] = error.xrayCause
        let request = request(invocation, "error", headers, body: .bytes(error.document))
        try await post(request, "error")
    }

    /// Reports that the function could not start.
    func failInit(_ error: FunctionError) async throws(RuntimeAPIError) {
        let request = HTTPClient.Request(
            .post, initErrorURL, headers: error.headers, body: .bytes(error.document))
        try await post(request, "init/error")
    }

    private func request(
        _ invocation: Invocation, _ what: String, _ headers: HTTPHeaders, body: HTTPClient.Body
    ) -> HTTPClient.Request {
        let id = invocation.context.requestID
        var url = nextRequest.url
        url.path = invocationPath + URL.percentEncode(id) + "/" + what
        var request = HTTPClient.Request(.post, url, headers: headers, body: body)
        // The limit of the whole is enough, and spares a timer for each answer.
        request.timeouts.idle = nil
        if let echo = invocation.invocationID { request.headers["Lambda-Runtime-Invocation-Id"] = echo }
        return request
    }

    /// An answer is sent again when its connection breaks: it may have been lost. When it was not, the Runtime API refuses the second,
    /// which is logged and harms nobody.
    private func post(_ request: HTTPClient.Request, _ what: String) async throws(RuntimeAPIError) {
        var response: HTTPClient.Response
        do {
            response = try await send(request)
        } catch  where error.kind == .unreachable {
            response = try await send(request)
        }
        guard (200..<300).contains(response.status) else { throw error(response, what) }
    }

    private func send(_ request: HTTPClient.Request) async throws(RuntimeAPIError) -> HTTPClient.Response {
        do {
            return try await http.send(request)
        } catch {
            throw RuntimeAPIError(
                kind: error.code == .cancelled ? .cancelled : .unreachable, description: "\(error)")
        }
    }

    private func error(_ response: HTTPClient.Response, _ what: String) -> RuntimeAPIError {
        let text = String(decoding: response.body.prefix(300), as: UTF8.self)
        let kind: RuntimeAPIError.Kind =
            switch response.status {
            case 410: .stale
            case 413: .tooLarge
            case 500...: .container
            default: .refused
            }
        return RuntimeAPIError(
            kind: kind, description: "the Runtime API answered \(what) with \(response.status): \(text)")
    }

    private static let responseHeaders: HTTPHeaders = ["Content-Type": "application/json"]

    private static func json(_ header: String?) -> JSON? {
        header.flatMap { try? JSON(parsing: $0) }
    }
}
