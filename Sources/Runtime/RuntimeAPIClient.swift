import HTTP
import JSON
import Time

/// The Runtime API over HTTP, version 2018-06-01.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
struct RuntimeAPIClient: Sendable {
    /// For what is streamed, and for an address that is a name.
    private let http: HTTPClient
    /// For everything else.
    private let plain: PlainClient?
    private let server: URL

    private static let base = "/2018-06-01/runtime"
    private static let invocations = base + "/invocation/"
    private static let nextTarget = invocations + "next"
    /// Larger events are not Lambda's: 6 MB is its limit for synchronous invocations.
    private static let eventLimit = 32 << 20

    /// `address` is host and port, as `AWS_LAMBDA_RUNTIME_API` has them; nil when they are none.
    init?(http: HTTPClient, address: String) {
        guard let server = URL("http://\(address)") else { return nil }
        self.http = http
        self.server = server
        plain = PlainClient(loop: http.loop, server: server)
    }

    /// Waits for the next event, as long as it takes.
    func next() async throws(RuntimeAPIError) -> Invocation {
        var request = PlainClient.Request(.get, Self.nextTarget)
        // The wait for an event may take hours; the process is frozen meanwhile.
        request.timeout = nil
        request.responseLimit = Self.eventLimit
        let response = try await send(request)
        guard response.status == 200 else { throw error(response, "next") }
        return try Invocation(response)
    }

    /// Answers an invocation.
    func respond(_ body: [UInt8], to invocation: Invocation) async throws(RuntimeAPIError) {
        try await post(target(invocation, "response"), Self.responseHeaders, body, "response", invocation)
    }

    /// Answers an invocation with what comes through the channel. Not sent again when the connection breaks: what went is gone.
    ///
    /// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
    func stream(_ channel: ResponseChannel, contentType: String, to invocation: Invocation)
        async throws(RuntimeAPIError)
    {
        var url = server
        url.path = target(invocation, "response")
        var headers: HTTPHeaders = [
            "Content-Type": contentType, "Lambda-Runtime-Function-Response-Mode": "streaming",
            "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
        ]
        if let echo = invocation.invocationID { headers["Lambda-Runtime-Invocation-Id"] = echo }
        var request = HTTPClient.Request(
            .post, url, headers: headers, body: .stream(length: nil) { await channel.next() })
        request.trailers = { channel.failure?.trailers ?? [:] }
        // The handler takes its time, and so may the reader: the invocation's deadline is the limit.
        request.timeouts.idle = nil
        request.timeouts.total = nil
        let response: HTTPClient.Response
        do { response = try await http.send(request) } catch { throw RuntimeAPIError(error) }
        guard (200..<300).contains(response.status) else { throw error(response, "response") }
    }

    /// Reports an invocation's failure.
    func fail(_ error: FunctionError, _ invocation: Invocation) async throws(RuntimeAPIError) {
        var headers = error.headers
        headers["Lambda-Runtime-Function-XRay-Error-Cause"] = error.xrayCause
        try await post(target(invocation, "error"), headers, error.document, "error", invocation)
    }

    /// Reports that the function could not start.
    func failInit(_ error: FunctionError) async throws(RuntimeAPIError) {
        try await post(Self.base + "/init/error", error.headers, error.document, "init/error")
    }

    private func target(_ invocation: Invocation, _ what: String) -> String {
        var target = ""
        // For an id of Lambda's, a UUID: one allocation in place of one for each part.
        target.reserveCapacity(Self.invocations.utf8.count + 48)
        target += Self.invocations
        target += URL.percentEncode(invocation.context.requestID)
        target += "/"
        target += what
        return target
    }

    /// An answer is sent again when its connection breaks: it may have been lost. When it was not, the Runtime API refuses the second,
    /// which is logged and harms nobody.
    private func post(
        _ target: String, _ headers: HTTPHeaders, _ body: [UInt8], _ what: String,
        _ invocation: Invocation? = nil
    ) async throws(RuntimeAPIError) {
        var request = PlainClient.Request(.post, target, headers: headers, body: body)
        if let echo = invocation?.invocationID { request.headers["Lambda-Runtime-Invocation-Id"] = echo }
        var response: HTTPClient.Response
        do {
            response = try await send(request)
        } catch  where error.kind == .unreachable {
            response = try await send(request)
        }
        guard (200..<300).contains(response.status) else { throw error(response, what) }
    }

    private func send(_ request: PlainClient.Request) async throws(RuntimeAPIError) -> HTTPClient.Response {
        do {
            if let plain { return try await plain.send(request) }
            var url = server
            url.path = request.target
            let body = request.body.map { HTTPClient.Body.bytes($0) } ?? .none
            var general = HTTPClient.Request(request.method, url, headers: request.headers, body: body)
            general.timeouts.idle = nil
            general.timeouts.total = request.timeout
            general.responseLimit = request.responseLimit
            return try await http.send(general)
        } catch {
            throw RuntimeAPIError(error)
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
}
