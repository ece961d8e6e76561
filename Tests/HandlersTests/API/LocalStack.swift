import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing

@testable import Handlers

/// A deployment of a test's own, and an API handler on it.
struct LocalStack: Sendable {
    let bench: APIBench
    let queue: String
    private let deployment: Deployment
    private let bucket: URL

    /// `changes` to the handler's environment.
    static func start(_ changes: [String: String] = [:]) async throws -> LocalStack {
        // Without signatures, so that a test may list the bucket as it is.
        let deployment = try await Deployment.make(on: testLoop, changes, signed: false)
        return try await LocalStack(deployment)
    }

    init(_ deployment: Deployment) async throws {
        let configuration = deployment.services.configuration
        let endpoint = try await LocalAWS.sharedWithoutSignatures().endpoint
        bench = APIBench(deployment.services)
        queue = configuration.workQueue
        self.deployment = deployment
        bucket = try #require(URL("\(endpoint)/\(configuration.bucket)?list-type=2"))
    }

    var services: Services { bench.services }

    /// What stands in the table, the bucket and the queue.
    struct Remains: Sendable, Hashable {
        var items = 0
        var objects = 0
        var messages = 0
    }

    func remains() async throws -> Remains {
        let listing = try await services.http.send(HTTPClient.Request(.get, bucket))
        let text = String(decoding: listing.body, as: UTF8.self)
        let objects = text.split(separator: "<Key>", omittingEmptySubsequences: false).count - 1
        let attributes = try await deployment.sqs.attributes(of: queue)
        let messages = attributes["ApproximateNumberOfMessages"].flatMap { Int($0) }
        return Remains(
            items: try await deployment.itemCount(), objects: objects, messages: try #require(messages))
    }

    /// Submits and gives the id back.
    func submit(_ body: String = #"{"prompt": "a lighthouse"}"#, as authorizer: JSON? = nil) async throws
        -> Job.ID
    {
        let answer = await bench.post("/v1/generate", body, as: authorizer)
        #expect(answer.status == 202)
        return try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
    }

    /// Takes a queued job as a dispatcher would.
    func claim(_ id: Job.ID) async throws -> Job {
        let run = Job.Run(token: "t", worker: "w-1", slot: 0)
        guard case .done(let job) = try await services.store.applyLatest(.claimed(run), to: id) else {
            throw TestFailure("the job cannot be claimed")
        }
        return job
    }

    /// Runs a queued job to its end.
    func complete(_ id: Job.ID, _ outputs: [Job.Output]) async throws {
        _ = try await claim(id)
        _ = try await services.store.applyLatest(
            .submitted(promptID: "p", clientID: "c"), to: id, heldBy: "t")
        let outcome = try await services.store.applyLatest(.completed(outputs), to: id, heldBy: "t")
        guard case .done = outcome else { throw TestFailure("the job cannot be completed") }
    }
}
