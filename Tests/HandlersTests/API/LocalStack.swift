import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing

@testable import Handlers

/// A table, a bucket and a queue of a test's own, and an API handler on them.
struct LocalStack: Sendable {
    let bench: APIBench
    let queue: String
    private let endpoint: String
    private let http: HTTPClient

    /// `changes` to the handler's environment.
    static func start(on loop: EventLoop, _ changes: [String: String] = [:]) async throws -> LocalStack {
        // Without signatures, so that a test may list the bucket as it is.
        let local = try await LocalAWS.sharedWithoutSignatures()
        let name = "t-\(UUID.v4())"
        let http = HTTPClient(loop: loop)
        let aws = AWSClient(
            http: http, configuration: try AWSClient.Configuration(environment: local.environment))
        let queue = try await SQS(aws).createQueue("\(name)-work")
        let environment = APIBench.environment
            .merging([
                "TABLE_NAME": name, "BUCKET_NAME": name, "WORK_QUEUE_URL": queue, "RESUME_QUEUE_URL": queue,
            ]) { $1 }
            .merging(changes) { $1 }
        let services = Services(configuration: try Configuration(environment: environment), aws: aws)
        try await services.store.dynamoDB.call(
            "CreateTable", TableDefinition.createTableInput(name: name))
        try await services.s3.createBucket(name)
        return LocalStack(
            bench: APIBench(services), queue: queue, endpoint: local.endpoint, http: http)
    }

    var services: Services { bench.services }

    /// What stands in the table, the bucket and the queue.
    struct Remains: Sendable, Hashable {
        var items = 0
        var objects = 0
        var messages = 0
    }

    func remains() async throws -> Remains {
        let name = services.configuration.table
        let scan = try await services.store.dynamoDB.call(
            "Scan", ["TableName": .string(name), "Select": "COUNT", "ConsistentRead": true])
        let listing = try await http.send(
            HTTPClient.Request(.get, try #require(URL("\(endpoint)/\(name)?list-type=2"))))
        let text = String(decoding: listing.body, as: UTF8.self)
        let objects = text.split(separator: "<Key>", omittingEmptySubsequences: false).count - 1
        let attributes = try await services.doorbell.sqs.attributes(of: queue)
        let messages = attributes["ApproximateNumberOfMessages"].flatMap { Int($0) }
        return Remains(
            items: try #require(scan["Count"]?.int), objects: objects, messages: try #require(messages))
    }

    /// Submits and gives the id back.
    func submit(_ body: String = #"{"prompt": "a lighthouse"}"#, as authorizer: JSON? = nil) async throws
        -> UUID
    {
        let answer = await bench.post("/v1/generate", body, as: authorizer)
        #expect(answer.status == 202)
        return try #require((answer.json?["job_id"]?.string).flatMap { UUID($0) })
    }

    /// Takes a queued job as a dispatcher would.
    func claim(_ id: UUID) async throws -> Job {
        let run = Job.Run(token: "t", worker: "w-1", slot: 0)
        guard case .done(let job) = try await services.store.applyLatest(.claimed(run), to: id) else {
            throw Unexpected()
        }
        return job
    }

    /// Runs a queued job to its end.
    func complete(_ id: UUID, _ outputs: [Job.Output]) async throws {
        _ = try await claim(id)
        _ = try await services.store.applyLatest(
            .submitted(promptID: "p", clientID: "c"), to: id, heldBy: "t")
        let outcome = try await services.store.applyLatest(.completed(outputs), to: id, heldBy: "t")
        guard case .done = outcome else { throw Unexpected() }
    }

    /// Somebody else was first, where nobody else is.
    struct Unexpected: Error {}
}
