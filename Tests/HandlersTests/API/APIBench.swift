import AWSClients
import ComfyUI
import HTTP
import JSON
import LambdaRuntime
import Testing
import Time

@testable import Handlers

/// An API handler and what a test asks of it.
struct APIBench: Sendable {
    let services: Services
    let access: Access
    let handler: APIHandler

    /// Everything `Configuration` demands, of nowhere; `AUTH_MODE` is none.
    static let environment = [
        "TABLE_NAME": "jobs", "BUCKET_NAME": "outputs",
        "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:done",
        "WORK_QUEUE_URL": "http://127.0.0.1:9/work", "RESUME_QUEUE_URL": "http://127.0.0.1:9/resume",
        "AUTH_MODE": "none",
    ]

    init(_ services: Services, objectInfo: ObjectInfoDigest? = nil) {
        self.services = services
        let access = Access(services)
        self.access = access
        handler = APIHandler(
            services.configuration, access,
            API.router(services, access, objectInfo: { objectInfo }, patience: .seconds(30)),
            tallies: services.metrics.tallies, tracer: services.tracer)
    }

    /// Its AWS is a port where nobody listens: for what must be answered without.
    static func offline(on loop: EventLoop, _ changes: [String: String] = [:]) throws -> APIBench {
        let configuration = try Configuration(environment: environment.merging(changes) { $1 })
        let aws = try AWSClient.Configuration(environment: [
            "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
        ])
        let client = AWSClient(http: HTTPClient(loop: loop), configuration: aws)
        return APIBench(Services(configuration: configuration, aws: client))
    }

    /// The default rules, and no worker known.
    static func check() throws -> WorkflowCheck {
        WorkflowCheck(try Configuration(environment: environment), objectInfo: { nil })
    }

    /// An answer with its body read.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
        var json: JSON? { try? JSON(parsing: body) }
        var code: String? { json?["error"]?["code"]?.string }
        /// The codes of `details.errors`.
        var faults: [String] {
            (json?["error"]?["details"]?["errors"]?.array ?? []).compactMap { $0["code"]?.string }
        }
    }

    func send(_ request: HTTPRequest) async -> Answer {
        let context = InvocationContext(requestID: "invocation-1", deadline: services.now + .seconds(30))
        let response = await handler.respond(to: request, context)
        return Answer(status: response.status, headers: response.headers, body: response.body)
    }

    func get(_ path: String, query: [(name: String, value: String)] = [], as authorizer: JSON? = nil) async
        -> Answer
    {
        await send(HTTPRequest(.get, path, query: query, authorizer: authorizer))
    }

    func post(_ path: String, _ body: String = "", headers: HTTPHeaders = [:], as authorizer: JSON? = nil)
        async -> Answer
    {
        var headers = headers
        if headers["Content-Type"] == nil { headers["Content-Type"] = "application/json" }
        return await send(
            HTTPRequest(.post, path, headers: headers, body: Array(body.utf8), authorizer: authorizer))
    }

    /// One event through the whole handler; the front end's answer document.
    func invoke(_ event: [UInt8]) async throws -> JSON {
        let context = InvocationContext(requestID: "invocation-1", deadline: services.now + .seconds(30))
        return try JSON(parsing: try await handler.handle(event, context))
    }
}
