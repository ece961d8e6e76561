import HTTP
import LambdaRuntime

/// `stream`: the API behind a function URL with `RESPONSE_STREAM`. The routes of `api` that read, and those
/// that stream.
struct StreamHandler: StreamingHandler {
    private let api: APIHandler
    private let tracer: Tracer?

    /// Nothing is called yet.
    init(services: Services) { self.init(APIHandler(services: services), services.tracer) }

    /// Around an API of one's own.
    init(_ api: APIHandler, _ tracer: Tracer? = nil) {
        self.api = api
        self.tracer = tracer
    }

    func handle(_ event: [UInt8], _ context: InvocationContext, _ response: ResponseWriter) async throws {
        switch try HTTPRequest.decode(event) {
        case .clientFault(let error, _):
            try await response.begin(api.response(to: error, context))
        case .request(let request):
            let reply = await api.reply(to: request, context, streams: true)
            await tracer?.flush()
            try await response.begin(reply.response)
            try await reply.events?.send(until: context.deadline) { try await response.write($0) }
        }
    }
}
