import Crypto
import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Time

/// API Gateway, or a load balancer, on a loopback port: each HTTP request becomes an event for the function, each answer a response.
struct APIFront: Sendable {
    let function: LocalFunction
    /// Behind a function URL of its own in the cloud; here it answers the routes that stream.
    var stream: LocalFunction?
    let format: HTTPEventFormat
    let loop: EventLoop
    /// How long the gateway waits for the function.
    var timeout = Duration.seconds(30)
    /// Told of function errors, which clients see as 502 only.
    var report: @Sendable (String) -> Void = { _ in }
    /// Called with every finished exchange.
    var onExchange:
        @Sendable (_ method: String, _ target: String, _ status: Int, _ duration: Duration) -> Void = {
            _, _, _, _ in
        }

    /// Of a request's body: 10 MB for API Gateway, 1 MB for a load balancer.
    static func bodyLimit(_ format: HTTPEventFormat) -> Int {
        switch format {
        case .restAPI, .httpAPI: 10 << 20
        case .functionURL: 6 << 20
        case .applicationLoadBalancer, .applicationLoadBalancerMultiValue: 1 << 20
        }
    }

    /// Of a synchronous invocation's event, whatever made it.
    static let eventLimit = 6 << 20

    /// Starts listening. Port 0 takes any free one.
    func listen(port: Int) throws(ServerError) -> HTTPServer {
        try HTTPServer(port: port, on: loop, bodyLimit: Self.bodyLimit(format)) { await answer($0) }
    }

    /// One request.
    func answer(_ request: ServerRequest) async -> ServerResponse {
        let start = ContinuousClock.now
        let response =
            if !Self.isForThisMachine(request) {
                HTTPAnswer.message(
                    421, "This server answers to 127.0.0.1 and localhost; the request was for another name.")
            } else if let stream, request.method == .get, request.path.hasSuffix("/events") {
                await streamedExchange(request, stream)
            } else {
                await exchange(request)
            }
        onExchange(request.method.rawValue, request.target, response.status, .now - start)
        return response
    }

    /// Whether the request names this machine as its host. A page of another site can point a name of its own here (DNS rebinding) and would
    /// then be of one origin with the API; its browser tells that name in `Host`.
    static func isForThisMachine(_ request: ServerRequest) -> Bool {
        guard let host = request.headers["Host"]?.lowercased() else { return true }
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
        return ["127.0.0.1", "localhost", "[::1]"].contains(name) || name.hasSuffix(".localhost")
    }

    private func exchange(_ request: ServerRequest) async -> ServerResponse {
        let requestID = UUID.v4().description
        let event = HTTPEvent(request, requestID: requestID, time: .now, host: "127.0.0.1")
        guard let document = event.document(for: format) else {
            return HTTPAnswer.message(400, "Bad Request")
        }
        let bytes = document.serialized()
        guard bytes.count <= Self.eventLimit else {
            return HTTPAnswer.message(413, "Request Entity Too Large")
        }
        do {
            let outcome = try await withDeadline(timeout, on: loop) { try await function.invoke(bytes) }
            if case .failure(let failure) = outcome { report("\(function.definition.handler): \(failure)") }
            var response = HTTPAnswer.response(to: outcome, for: format)
            if case .httpAPI = format { response.headers.add("Apigw-Requestid", requestID) }
            return response
        } catch is DeadlineExceeded {
            return HTTPAnswer.message(504, "Endpoint request timed out")
        } catch {
            report("\(function.definition.handler): \(error)")
            return HTTPAnswer.badGateway(format)
        }
    }
}

// MARK: Function URL with RESPONSE_STREAM

extension APIFront {
    /// Of a streamed HTTP response's head.
    private static let preludeLimit = 64 << 10

    private func streamedExchange(_ request: ServerRequest, _ function: LocalFunction) async -> ServerResponse
    {
        let event = HTTPEvent(request, requestID: UUID.v4().description, time: .now, host: "127.0.0.1")
        guard let document = event.document(for: .functionURL) else {
            return HTTPAnswer.message(400, "Bad Request")
        }
        do {
            switch try await function.open(document.serialized()) {
            case .stream(let stream): return try await Self.response(to: stream)
            case .outcome(let outcome):
                if case .failure(let failure) = outcome {
                    report("\(function.definition.handler): \(failure)")
                }
                return HTTPAnswer.badGateway(.functionURL)
            }
        } catch {
            report("\(function.definition.handler): \(error)")
            return HTTPAnswer.badGateway(.functionURL)
        }
    }

    /// The head is what stands before eight NUL bytes; without a prelude all of it is the body.
    static func response(to stream: ResponseStream) async throws -> ServerResponse {
        guard stream.contentType == "application/vnd.awslambda.http-integration-response" else {
            return ServerResponse(
                status: 200, headers: ["Content-Type": stream.contentType],
                body: .stream { try await stream.next() })
        }
        var head: [UInt8] = []
        var end = head.firstIndex(of: 0)
        while end == nil || head.count < (end ?? 0) + 8 {
            guard head.count < preludeLimit, let piece = try await stream.next() else {
                return HTTPAnswer.badGateway(.functionURL)
            }
            head += piece
            end = head.firstIndex(of: 0)
        }
        let body = Array(head[((end ?? 0) + 8)...])
        let answer = HTTPAnswer.response(
            to: .response(Array(head[..<(end ?? 0)])), for: .functionURL)
        let first = Promise<Void>()
        return ServerResponse(
            status: answer.status, headers: answer.headers,
            body: .stream {
                if !body.isEmpty, first.fulfill(()) { return body }
                return try await stream.next()
            })
    }
}
