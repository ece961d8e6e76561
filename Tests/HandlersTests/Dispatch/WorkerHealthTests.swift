import AWSClients
import HTTP
import JSON
import LocalServer
import Synchronization
import Testing
import Time

@testable import Handlers

/// A worker that failed is left out for a growing time, and let back by one probe at a time.
@Suite(.timeLimit(.minutes(1))) struct WorkerHealthTests {
    private static func registry(_ address: String = "http://127.0.0.1:9") async throws -> (
        Services, WorkerRegistry
    ) {
        let deployment = try await Deployment.make(on: testLoop, ["COMFYUI_URLS": address])
        return (deployment.services, Dispatcher(services: deployment.services).registry)
    }

    /// The configured worker with what is recorded of it.
    private static func worker(_ registry: WorkerRegistry) async throws -> Worker {
        try #require(try await registry.workers().first)
    }

    @Test func theTimeGrowsWithTheFailures() async throws {
        let (services, registry) = try await Self.registry()
        let now = services.now
        var pauses: [Duration] = []
        for _ in 0..<11 {
            try await registry.recordFailure(of: try await Self.worker(registry), at: now)
            pauses.append(try #require(try await Self.worker(registry).leftOutUntil) - now)
        }
        #expect(
            pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map { Duration.seconds($0) })
        let worker = try await Self.worker(registry)
        #expect(worker.isDead)
        #expect(!worker.isUsable(at: now))
        #expect(try await !registry.beginTrial(of: worker, at: now))
    }

    @Test func ofManyTrialsAtOnceOneIsBegun() async throws {
        let (services, registry) = try await Self.registry()
        try await registry.recordFailure(
            of: try await Self.worker(registry), count: 3, at: services.now - .seconds(60))
        let worker = try await Self.worker(registry)
        let begun = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { try await registry.beginTrial(of: worker, at: services.now) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(begun == 1)
        // Nobody else sends it anything until the trial has ended.
        #expect(try await !Self.worker(registry).isUsable(at: services.now))
        try await registry.recordSuccess(of: worker, at: services.now)
        #expect(try await Self.worker(registry).isUsable(at: services.now))
    }

    /// It answers, and still runs what it was told to stop: nothing else is sent there.
    @Test func aWorkerWithAStuckPromptIsNotLetBackBeforeItIsGone() async throws {
        let runs = Mutex(true)
        let comfyUI = try HTTPServer(on: testLoop) { request in
            let running: JSON =
                runs.withLock { $0 } ? [[0, "stuck-1", [:], [:], []]] : []
            let body: JSON =
                request.path == "/queue" ? ["queue_running": running, "queue_pending": []] : [:]
            return ServerResponse(headers: ["Content-Type": "application/json"], body: body.serialized())
        }
        defer { comfyUI.stop() }
        let (services, registry) = try await Self.registry("http://127.0.0.1:\(comfyUI.port)")
        let probe = WorkerProbe(
            services: services, registry: registry, slots: Dispatcher(services: services).slots)
        let long: Duration = .seconds(600)
        try await registry.recordFailure(
            of: try await Self.worker(registry), count: Worker.patience, stuck: "stuck-1",
            at: services.now - long)
        #expect(try await probe.refresh(until: .now + .seconds(30)).alive == 0)
        var worker = try await Self.worker(registry)
        #expect(worker.failures == Worker.patience + 1)
        #expect(worker.stuckPrompt == "stuck-1")

        runs.withLock { $0 = false }
        try await registry.recordFailure(of: worker, at: services.now - long)
        let found = try await probe.refresh(until: .now + .seconds(30))
        #expect(found.alive == 1)
        #expect(found.recovered)
        worker = try await Self.worker(registry)
        #expect(worker.stuckPrompt == nil)
        #expect(worker.isUsable(at: services.now))
    }

    /// A worker that does not answer `/queue` for the first `failures` times, and then says that it runs a job.
    private static func probe(failures: Int) async throws -> (alive: Int, worker: Worker) {
        let asked = Asked()
        let comfyUI = try HTTPServer(on: testLoop) { request in
            if request.path == "/queue", asked.count() <= failures { return ServerResponse(status: 503) }
            let body: JSON =
                request.path == "/queue"
                ? ["queue_running": [[0, "long-1", [:], [:], []]], "queue_pending": []] : [:]
            return ServerResponse(headers: ["Content-Type": "application/json"], body: body.serialized())
        }
        defer { comfyUI.stop() }
        let (services, registry) = try await registry("http://127.0.0.1:\(comfyUI.port)")
        let probe = WorkerProbe(
            services: services, registry: registry, slots: Dispatcher(services: services).slots)
        let alive = try await probe.refresh(until: .now + .seconds(30)).alive
        return (alive, try await worker(registry))
    }

    private final class Asked: Sendable {
        private let value = Mutex(0)
        func count() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }

    @Test(arguments: [0, 1, 2]) func aWorkerThatAnswersTheThirdTimeIsWell(_ failures: Int) async throws {
        let (alive, worker) = try await Self.probe(failures: failures)
        #expect(alive == 1)
        #expect(worker.failures == 0)
        // A job that runs is no reason to leave it out, however long it takes; it counts as its queue.
        #expect(worker.queueLength == 1)
    }

    @Test func aWorkerThatDoesNotAnswerThreeTimesIsIll() async throws {
        let (alive, worker) = try await Self.probe(failures: 3)
        #expect(alive == 0)
        #expect(worker.isDead)
    }
}
