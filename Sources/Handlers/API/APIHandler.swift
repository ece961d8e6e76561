import AWSClients
import HTTP
import JSON
import LambdaRuntime
import Telemetry
import Time

/// The function behind API Gateway, a load balancer or a function URL: an event in, an answer out.
struct APIHandler: HTTPHandler {
    private let router: Router
    private let access: Access
    private let finisher: ResponseFinisher
    private let maximumBodyBytes: Int
    private let streamURL: URL?
    private let metrics: RequestMetrics
    private let tracer: Tracer?

    /// Nothing is called yet.
    init(services: Services) {
        let access = Access(services)
        self.init(
            services.configuration, access, API.router(services, access),
            tallies: services.metrics.tallies, tracer: services.tracer)
    }

    /// With a table of routes of one's own.
    init(
        _ configuration: Configuration, _ access: Access, _ router: Router, tallies: MetricTallies,
        tracer: Tracer? = nil
    ) {
        self.router = router
        self.tracer = tracer
        metrics = RequestMetrics(tallies: tallies)
        self.access = access
        finisher = ResponseFinisher(CORSPolicy(configuration.corsAllowedOrigins))
        maximumBodyBytes = configuration.maximumBodyBytes
        streamURL = configuration.streamURL
        access.warn()
    }

    func response(to error: EventDecodingError, _ context: InvocationContext) -> HTTPResponse {
        let refusal = APIError(.invalidJSON, "The body says that it is base64, and is not.")
        return finisher.finish(
            HTTPResponse(refusal, requestID: context.requestID), to: HTTPRequest(.post, "/"),
            requestID: context.requestID)
    }

    /// The whole answer to a request; errors are answers too.
    func respond(to request: HTTPRequest, _ context: InvocationContext) async -> HTTPResponse {
        await reply(to: request, context, streams: false).response
    }

    /// The function that streams may change nothing: its role reads only.
    private static let reads: Set<HTTPMethod> = [.get, .head, .options]

    /// A response, and for a route that streams what follows it.
    typealias Reply = (response: HTTPResponse, events: JobEvents?)

    /// The answer to a request. Where it cannot stream, a route of events leads to where they are.
    func reply(to request: HTTPRequest, _ context: InvocationContext, streams: Bool) async -> Reply {
        let match = router.match(request.method, request.path)
        guard let tracer else { return await reply(to: request, match, context, streams) }
        let (method, endpoint) = RequestMetrics.labels(request.method, match)
        return await tracer.root(
            "\(method) \(endpoint)", .server,
            parent: TraceContext(of: request) ?? context.traceID.flatMap { TraceContext(invocation: $0) },
            attributes: ["http.request.method": method, "http.route": endpoint]
        ) { await reply(to: request, match, context, streams) }
    }

    private func reply(
        to request: HTTPRequest, _ match: Router.Match, _ context: InvocationContext, _ streams: Bool
    ) async -> Reply {
        let id = request.requestID.flatMap { $0.isEmpty ? nil : $0 } ?? context.requestID
        let begin = ContinuousClock.now
        var admitted = Admitted()
        var reply: Reply
        do {
            reply = try await answer(to: request, match, id, context, streams, &admitted)
        } catch {
            reply = (HTTPResponse(Self.apiError(error), requestID: id), nil)
        }
        for (name, value) in admitted.headers where reply.response.headers[name] == nil {
            reply.response.headers[name] = value
        }
        if case .route(let route, _) = match, admitted.isCounted, access.audits(route, admitted.user) {
            await access.audit.record(
                AuditEntry(
                    at: access.now, user: admitted.user, operation: route.name, request: request,
                    requestID: id, status: reply.response.status))
        }
        reply.response = finisher.finish(reply.response, to: request, requestID: id)
        let duration = ContinuousClock.now - begin
        metrics.count(request.method, match, reply.response.status, duration)
        Log.info(
            "request",
            [
                "method": .string(String(request.method.rawValue.prefix(16))),
                "operation": match.operation.map { .string($0) } ?? .null,
                "status": .number(reply.response.status),
                "ms": .number(duration.milliseconds),
                "gateway_request_id": .string(id),
            ])
        return reply
    }

    private func answer(
        to request: HTTPRequest, _ match: Router.Match, _ id: String, _ context: InvocationContext,
        _ streams: Bool, _ admitted: inout Admitted
    ) async throws -> Reply {
        switch match {
        case .none:
            throw APIError(.notFound, "There is no such route.")
        case .otherMethods(let methods):
            let list = methods.map(\.rawValue).joined(separator: ", ")
            throw APIError(
                .methodNotAllowed, "This route takes \(list).", headers: ["Allow": list])
        case .options(let methods):
            return (
                HTTPResponse(status: 204, headers: finisher.cors.preflightHeaders(for: request, methods)), nil
            )
        case .route where streams && !Self.reads.contains(request.method):
            throw APIError(
                .methodNotAllowed, "This address only reads jobs; send this to the API's own.",
                headers: ["Allow": "GET, HEAD, OPTIONS"])
        case .route(let route, let parameters):
            let call = APIRequest(
                http: request, id: id, parameters: parameters, operation: route.name,
                deadline: context.deadline, readsOnly: streams)
            switch route.endpoint {
            case .open(let endpoint):
                return (try await endpoint(call), nil)
            case .signIn(let endpoint):
                try await access.admitAnyone(request)
                admitted.isCounted = true
                try checkSize(of: request)
                let outcome = try await endpoint(call)
                admitted.user = outcome.userID.map { User(id: $0, credential: .none) }
                return (outcome.response, nil)
            case .user(let endpoint):
                let user = try await admit(request, route, streams, &admitted)
                try checkSize(of: request)
                return (try await endpoint(call, user), nil)
            case .events(let endpoint):
                let user = try await admit(request, route, streams, &admitted)
                guard streams else { return (try elsewhere(request), nil) }
                guard let events = try await endpoint(call, user) else {
                    return (HTTPResponse(status: 204), nil)
                }
                let response = HTTPResponse(status: 200, headers: ["Content-Type": "text/event-stream"])
                return (response, request.method == .head ? nil : events)
            }
        }
    }

    /// Who was let in, once that is known, and what the answer tells of the limits.
    private struct Admitted {
        var user: User?
        /// Whether the request was within its limits: what is beyond them costs no audit entry.
        var isCounted = false
        var headers: HTTPHeaders = [:]
    }

    private func admit(
        _ request: HTTPRequest, _ route: Route, _ streams: Bool, _ admitted: inout Admitted
    ) async throws -> User {
        let user = try await access.admit(request, to: route, counts: !streams, &admitted.headers)
        admitted.user = user
        admitted.isCounted = true
        if let scope = route.scope, !user.scopes.contains(scope) { throw APIError.lacks(scope) }
        return user
    }

    private func checkSize(of request: HTTPRequest) throws(APIError) {
        guard request.body.count <= maximumBodyBytes else {
            throw APIError(.payloadTooLarge, "The body must have at most \(maximumBodyBytes) bytes.")
        }
    }

    /// API Gateway's HTTP API, a load balancer and a buffered function URL pass on whole answers only.
    private func elsewhere(_ request: HTTPRequest) throws(APIError) -> HTTPResponse {
        guard let streamURL else {
            throw APIError(.notFound, "Events are not to be had here: this address cannot stream.")
        }
        var path = request.path
        while path.hasPrefix("/") { path.removeFirst() }
        let base = "\(streamURL)"
        let location =
            base + (base.hasSuffix("/") ? "" : "/")
            + path.split(separator: "/").map {
                URL.percentEncode(String($0))
            }.joined(separator: "/")
        return HTTPResponse(status: 307, headers: ["Location": location])
    }

    /// What a client may know of an error; the rest goes to the log.
    static func apiError(_ error: any Error) -> APIError {
        switch error {
        case let error as APIError:
            return error
        case let error as AWSError where error.code == .malformedResponse || error.code == .invalidInput:
            Log.error("request failed", ["error": .string("\(error)")])
            return APIError(.internal, "Something went wrong here; the request id helps to find it.")
        case let error as AWSError:
            Log.error("request failed", ["error": .string("\(error)")])
            return .unavailable("A service this one needs does not answer as it should.")
        case is DeadlineExceeded, is CancellationError:
            Log.error("request took too long", ["error": .string("\(error)")])
            return APIError(.timeout, "The request took too long.")
        default:
            Log.error("request failed", ["error": .string("\(error)")])
            return APIError(.internal, "Something went wrong here; the request id helps to find it.")
        }
    }
}

extension Router.Match {
    /// The operation's name; nil when no route matched.
    var operation: String? {
        if case .route(let route, _) = self { route.name } else { nil }
    }
}
