import HTTP
import LambdaRuntime

/// `stream`: the API behind a function URL with `RESPONSE_STREAM`. The routes of `api` that read, and those
/// that stream.
struct StreamHandler: StreamingHandler {
    private let api: APIHandler

    /// Nothing is called yet.
    init(services: Services) { self.init(APIHandler(services: services)) }

    /// Around an API of one's own.
    init(_ api: APIHandler) { self.api = api }

    func handle(_ event: [UInt8], _ context: InvocationContext, _ response: ResponseWriter) async throws {
        switch try HTTPRequest.decode(event) {
        case .clientFault(let error, _):
            try await response.begin(api.response(to: error, context))
        case .request(let request):
            let reply = await api.reply(to: request, context, streams: true)
            try await response.begin(reply.response)
            try await reply.events?.send(until: context.deadline) { try await response.write($0) }
        }
    }
}
