import HTTP
import JSON
import Time

/// The Runtime API over HTTP, version 2018-06-01.
///
/// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
final class RuntimeAPIClient: Sendable {
    /// For what is streamed, and for an address that is a name.
    private let http: HTTPClient
    /// For everything else.
    private let plain: PlainClient?
    /// What each invocation asks and answers, written once; nil without `plain`.
    private let prepared: (next: PreparedRequest, response: PreparedRequest)?
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
        plain = PlainClient(loop: http.loop, server: server, expecting: Invocation.usualTexts)
        prepared = try? plain.map { plain in
            let response = PlainClient.Request(.post, Self.invocations, headers: Self.responseHeaders)
            return (try plain.prepare(Self.next), try plain.prepare(response, ending: "/response"))
        }
    }

    /// Waits for the next event, as long as it takes. nil where `send` has to do it.
    func nextExchange() -> PlainExchange? { prepared?.next.exchange() }

    /// Answers an invocation. nil where `send` has to do it.
    func responseExchange(_ body: [UInt8], to invocation: Invocation) -> PlainExchange? {
        guard invocation.invocationID == nil else { return nil }
        return prepared?.response.exchange(piece: invocation.context.requestID, body: body)
    }

    /// Waits for the next event, as long as it takes.
    static let next: PlainClient.Request = {
        var request = PlainClient.Request(.get, nextTarget)
        // The wait for an event may take hours; the process is frozen meanwhile.
        request.timeout = nil
        request.responseLimit = eventLimit
        return request
    }()

    /// Of an exchange that is over.
    static func response(of exchange: PlainExchange) throws(RuntimeAPIError) -> HTTPClient.Response {
        do { return try exchange.response() } catch { throw RuntimeAPIError(error) }
    }

    /// What `next` was answered.
    static func invocation(_ response: HTTPClient.Response) throws(RuntimeAPIError) -> Invocation {
        guard response.status == 200 else { throw error(response, "next") }
        return try Invocation(response)
    }

    /// Answers an invocation.
    static func answer(_ body: [UInt8], to invocation: Invocation) -> PlainClient.Request {
        post(target(invocation.context.requestID, "response"), responseHeaders, body, invocation)
    }

    /// - Throws: what a refusal of `what` means.
    static func check(_ response: HTTPClient.Response, _ what: String) throws(RuntimeAPIError) {
        guard (200..<300).contains(response.status) else { throw error(response, what) }
    }

    /// Answers an invocation with what comes through the channel. Not sent again when the connection breaks: what went is gone.
    ///
    /// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
    func stream(_ channel: ResponseChannel, contentType: String, to invocation: Invocation)
        async throws(RuntimeAPIError)
    {
        var url = server
        url.path = Self.target(invocation.context.requestID, "response")
        var headers: HTTPHeaders = [
            "Content-Type": contentType, "Lambda-Runtime-Function-Response-Mode": "streaming",
            "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
        ]
        if let echo = invocation.invocationID { headers[Invocation.Header.invocationID] = echo }
        var request = HTTPClient.Request(
            .post, url, headers: headers, body: .stream(length: nil) { await channel.next() })
        request.trailers = { channel.failure?.trailers ?? [:] }
        // The handler takes its time, and so may the reader: the invocation's deadline is the limit.
        request.timeouts.idle = nil
        request.timeouts.total = nil
        let response: HTTPClient.Response
        do { response = try await http.send(request) } catch { throw RuntimeAPIError(error) }
        try Self.check(response, "response")
    }

    /// Reports an invocation's failure.
    func fail(_ error: FunctionError, _ invocation: Invocation) async throws(RuntimeAPIError) {
        var headers = error.headers
        headers["Lambda-Runtime-Function-XRay-Error-Cause"] = error.xrayCause
        try await report(
            Self.post(
                Self.target(invocation.context.requestID, "error"), headers, error.document, invocation),
            "error")
    }

    /// Reports that the function could not start.
    func failInit(_ error: FunctionError) async throws(RuntimeAPIError) {
        try await report(Self.post(Self.base + "/init/error", error.headers, error.document), "init/error")
    }

    private static func target(_ requestID: String, _ what: String) -> String {
        "\(invocations)\(URL.percentEncode(requestID))/\(what)"
    }

    private static func post(
        _ target: String, _ headers: HTTPHeaders, _ body: [UInt8], _ invocation: Invocation? = nil
    ) -> PlainClient.Request {
        var request = PlainClient.Request(.post, target, headers: headers, body: body)
        if let echo = invocation?.invocationID { request.headers[Invocation.Header.invocationID] = echo }
        return request
    }

    /// Sent again when its connection breaks, as an answer is.
    private func report(_ request: PlainClient.Request, _ what: String) async throws(RuntimeAPIError) {
        var response: HTTPClient.Response
        do {
            response = try await send(request)
        } catch  where error.kind == .unreachable {
            response = try await send(request)
        }
        try Self.check(response, what)
    }

    /// One exchange, which the task's cancellation ends.
    func send(_ request: PlainClient.Request) async throws(RuntimeAPIError) -> HTTPClient.Response {
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

    private static func error(_ response: HTTPClient.Response, _ what: String) -> RuntimeAPIError {
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
