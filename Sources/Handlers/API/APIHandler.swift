import AWSClients
import HTTP
import JSON
import LambdaRuntime
import Telemetry
import Time

/// The function behind API Gateway, a load balancer or a function URL: an event in, an answer out.
struct APIHandler: InvocationHandler {
    private let router: Router
    private let authenticator: Authenticator
    private let finisher: ResponseFinisher
    private let maximumBodyBytes: Int

    /// Nothing is called yet.
    init(services: Services) {
        let configuration = services.configuration
        self.init(configuration, API.router(services))
    }

    /// With a table of routes of one's own.
    init(_ configuration: Configuration, _ router: Router) {
        self.router = router
        authenticator = Authenticator(configuration.authMode)
        finisher = ResponseFinisher(CORSPolicy(configuration.corsAllowedOrigins))
        maximumBodyBytes = configuration.maximumBodyBytes
        if configuration.authMode == .none {
            Log.warn("AUTH_MODE is none: whoever reaches this function may use it, all as one user")
        }
    }

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        do {
            guard case .http(let request) = try LambdaEvent(decoding: event) else {
                throw FunctionError(
                    type: "Event.NotHTTP", message: "The api handler takes HTTP events only.")
            }
            return await respond(to: request, context).encoded(for: request.format)
        } catch let error as EventDecodingError where error.kind == .badBase64 {
            // The body is the client's; whatever else is wrong with an event is not.
            let refusal = APIError(.invalidJSON, "The body says that it is base64, and is not.")
            let format = (try? JSON(parsing: event)).flatMap { HTTPEventFormat($0) } ?? .httpAPI
            let request = HTTPRequest(.post, "/", format: format)
            return finisher.finish(
                HTTPResponse(refusal, requestID: context.requestID), to: request,
                requestID: context.requestID
            ).encoded(for: format)
        } catch let error as EventDecodingError {
            throw FunctionError(type: "Event.Malformed", message: error.description)
        }
    }

    /// The whole answer to a request; errors are answers too.
    func respond(to request: HTTPRequest, _ context: InvocationContext) async -> HTTPResponse {
        let id = request.requestID.flatMap { $0.isEmpty ? nil : $0 } ?? context.requestID
        let begin = ContinuousClock.now
        let match = router.match(request.method, request.path)
        var response: HTTPResponse
        do {
            response = try await answer(to: request, match, id, context)
        } catch {
            response = HTTPResponse(Self.apiError(error), requestID: id)
        }
        response = finisher.finish(response, to: request, requestID: id)
        Log.info(
            "request",
            [
                "method": .string(String(request.method.rawValue.prefix(16))),
                "operation": match.operation.map { .string($0) } ?? .null,
                "status": .number(response.status),
                "ms": .number((ContinuousClock.now - begin).milliseconds),
                "gateway_request_id": .string(id),
            ])
        return response
    }

    private func answer(
        to request: HTTPRequest, _ match: Router.Match, _ id: String, _ context: InvocationContext
    ) async throws -> HTTPResponse {
        switch match {
        case .none:
            throw APIError(.notFound, "There is no such route.")
        case .otherMethods(let methods):
            let list = methods.map(\.rawValue).joined(separator: ", ")
            throw APIError(
                .methodNotAllowed, "This route takes \(list).", headers: ["Allow": list])
        case .options(let methods):
            return HTTPResponse(
                status: 204, headers: finisher.cors.preflightHeaders(for: request, methods))
        case .route(let route, let parameters):
            let call = APIRequest(
                http: request, id: id, parameters: parameters, operation: route.name,
                deadline: context.deadline)
            switch route.endpoint {
            case .open(let endpoint):
                return try await endpoint(call)
            case .user(let endpoint):
                let user = try authenticator.user(of: request)
                guard request.body.count <= maximumBodyBytes else {
                    throw APIError(
                        .payloadTooLarge, "The body must have at most \(maximumBodyBytes) bytes.")
                }
                return try await endpoint(call, user)
            }
        }
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
