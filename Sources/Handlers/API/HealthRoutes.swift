import AWSClients
import HTTP
import JSON
import LambdaRuntime
import Telemetry

/// Whether this function lives, and whether what it stands on does.
struct HealthRoutes: Sendable {
    let services: Services
    let registry: WorkerRegistry

    /// A dependency that takes longer is as good as away.
    let patience: Duration

    /// `GET /health`, `/health/live`: it answers, so it lives.
    func live(_ request: APIRequest) async -> HTTPResponse {
        .json(["status": "ok"])
    }

    /// `GET /health/ready`: the table and the bucket answer, and not every listed worker is dead. No worker at all is
    /// a normal state: the pool has scaled to none, jobs wait.
    func ready(_ request: APIRequest) async throws -> HTTPResponse {
        async let bucketAnswers = self.bucketAnswers()
        let workers = await recordedWorkers()
        let storage = await bucketAnswers
        let alive = workers?.count { !$0.isDead }
        let report: JSON = [
            "dynamodb": workers == nil ? "unavailable" : "ok",
            "s3": storage ? "ok" : "unavailable",
            "workers": workers.map { .number($0.count) } ?? .null,
            "workers_alive": alive.map { .number($0) } ?? .null,
        ]
        guard let workers, storage else {
            throw APIError.unavailable("A service this one needs does not answer.", details: report)
        }
        if !workers.isEmpty, alive == 0 {
            throw APIError.unavailable("No worker answers; jobs wait in the queue.", details: report)
        }
        var answer = report.object ?? [:]
        answer["status"] = "ready"
        return .json(.object(answer))
    }

    /// The list of workers is also the question whether the table answers.
    private func recordedWorkers() async -> [Worker]? {
        let registry = registry
        return await answer("dynamodb") { try await registry.recorded() }
    }

    private func bucketAnswers() async -> Bool {
        let (s3, bucket) = (services.s3, services.configuration.bucket)
        return await answer("s3") { try await s3.headBucket(bucket) } != nil
    }

    private func answer<T: Sendable>(
        _ name: String, _ question: @escaping @Sendable () async throws -> T
    ) async -> T? {
        do {
            return try await withDeadline(patience, on: services.http.loop, question)
        } catch {
            Log.error("not ready", ["service": .string(name), "error": .string("\(error)")])
            return nil
        }
    }
}
