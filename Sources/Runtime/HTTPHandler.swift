import HTTP

/// A function behind API Gateway (REST or HTTP API), a function URL or a load balancer: a request in, a response out, whichever of
/// the four brought it.
public protocol HTTPHandler: InvocationHandler {
    /// Answers one request before the context's deadline. What it throws fails the invocation: the front end answers 502 then.
    func respond(to request: HTTPRequest, _ context: InvocationContext) async throws -> HTTPResponse

    /// The answer to a request that says its body is base64 when it is none: the client's fault. 400 unless a handler says it better.
    func response(to error: EventDecodingError, _ context: InvocationContext) -> HTTPResponse
}

extension HTTPHandler {
    /// Takes the event apart and puts the answer together as its front end wants it. An event that is no HTTP request is
    /// `Event.NotHTTP`, one that is none at all `Event.Malformed`.
    public func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        let request: HTTPRequest
        switch try HTTPRequest.decode(event) {
        case .request(let decoded): request = decoded
        case .clientFault(let error, let format): return response(to: error, context).encoded(for: format)
        }
        return try await respond(to: request, context).encoded(for: request.format)
    }

    /// 400, and a sentence.
    public func response(to error: EventDecodingError, _ context: InvocationContext) -> HTTPResponse {
        HTTPResponse(
            status: 400, headers: ["Content-Type": "text/plain; charset=utf-8"],
            body: Array("\(error.description)\n".utf8))
    }
}

extension HTTPRequest {
    /// What an HTTP event is.
    public enum Decoded: Sendable {
        /// A request.
        case request(HTTPRequest)
        /// None, by the fault of the client: it gets an answer in this form.
        case clientFault(EventDecodingError, HTTPEventFormat)
    }

    /// - Throws: `Event.NotHTTP` or `Event.Malformed`, when no client can be answered.
    public static func decode(_ event: [UInt8]) throws(FunctionError) -> Decoded {
        do {
            if case .http(let request) = try LambdaEvent(decoding: event) { return .request(request) }
        } catch {
            if error.kind == .badBase64, let format = error.httpFormat { return .clientFault(error, format) }
            throw FunctionError(type: "Event.Malformed", message: error.description)
        }
        throw FunctionError(type: "Event.NotHTTP", message: "This function takes HTTP events only.")
    }
}
