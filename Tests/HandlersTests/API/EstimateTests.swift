import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import Handlers

/// When a job should start and how long it should run, from the runs before it.
@Suite(.timeLimit(.minutes(1)))
struct EstimateTests {
    /// Jobs ahead, slots, idle ones; seconds from now until it should start, where each takes 60.
    @Test(arguments: [
        (0, 1, 1, 0), (0, 1, 0, 60), (1, 1, 0, 120), (0, 2, 0, 30), (3, 2, 1, 90), (1, 4, 4, 0),
        (9, 10, 0, 60),
    ])
    func start(ahead: Int, slots: Int, idle: Int, seconds: Int) {
        let found = Estimate(mean: .seconds(60), ahead: ahead, slots: slots, idle: idle, at: Sample.start)
        #expect(found.duration == .seconds(60))
        #expect(found.startsAt == Sample.start + .seconds(seconds))
    }

    @Test func whatIsNotKnownIsNull() {
        #expect(Estimate(mean: nil, ahead: 0, slots: 1, idle: 1, at: Sample.start) == .unknown)
        #expect(Estimate(mean: .seconds(1), ahead: nil, slots: 1, idle: 1, at: Sample.start).startsAt == nil)
        #expect(Estimate(mean: .seconds(1), ahead: 0, slots: 0, idle: 0, at: Sample.start).startsAt == nil)
        #expect(Estimate.unknown.members == ["estimated_start_at": .null, "estimated_seconds": .null])
    }

    @Test func theMeanIsOfTheLastRunsOfTheSameShape() async throws {
        let stack = try await LocalStack.start()
        // Each of an environment of its own, which writes what it has seen at once.
        func add(_ job: Job) async throws {
            try await RunTimes(counters: stack.services.runTimes.counters).add(job)
        }
        let times = stack.services.runTimes
        var job = try Sample.completed()
        job.shape = "a"
        let start = try #require(job.startedAt)
        // Five days with runs; the first two are too old to count beside the last three.
        for (day, seconds) in [1000, 1000, 10, 20, 40].enumerated() {
            job.startedAt = start + .seconds(day * 86_400)
            job.completedAt = start + .seconds(day * 86_400 + seconds)
            try await add(job)
            if seconds == 40 { try await add(job) }
        }
        // (10 + 20 + 40 + 40) / 4
        #expect(try await times.mean(of: "a") == .milliseconds(27_500))
        #expect(try await times.mean(of: "b") == nil)
        var failed = job
        failed.state = .failed
        try await add(failed)
        failed = job
        failed.attempts += failed.attempts
        try await add(failed)
        #expect(try await times.mean(of: "a") == .milliseconds(27_500))
    }

    /// All jobs of a shape count in one item.
    @Test func anEnvironmentWritesWhatItHasSeenNowAndThen() async throws {
        let stack = try await LocalStack.start()
        let times = stack.services.runTimes
        var job = try Sample.completed()
        job.shape = "a"
        let start = try #require(job.startedAt)
        let clock = ContinuousClock.now
        for (second, run) in [(0, 10), (1, 40), (9, 40), (10, 30)] {
            job.completedAt = start + .seconds(run)
            try await times.add(job, at: clock + .seconds(second))
            let expected: Duration = second < 10 ? .seconds(10) : .seconds(30)
            #expect(try await times.mean(of: "a") == expected)
        }
    }

    @Test func aQueuedJobAndAValidationTellIt() async throws {
        let stack = try await LocalStack.start()
        let bench = stack.bench
        let body = #"{"workflow": \#(Deployment.workflow.text)}"#
        func validate() async throws -> JSON {
            try #require(await bench.post("/v1/workflows/validate", body).json)
        }
        #expect(try await validate()["estimated_seconds"] == .null)
        let first = await bench.post("/v1/workflows/execute", body)
        let id = try #require((first.json?["job_id"]?.string).flatMap { Job.ID($0) })
        #expect(await bench.get("/v1/jobs/\(id)").json?["estimated_seconds"] == .null)
        try await stack.complete(id, [])
        let job = try #require(try await stack.services.store.job(id))
        await Announcer(services: stack.services).announce(job)
        let milliseconds = try #require(job.completedAt) - (try #require(job.startedAt))
        let expected = JSON.Number(Double(milliseconds.milliseconds) / 1000).map { JSON.number($0) }

        // No worker yet: how long is known, when is not.
        #expect(try await validate()["estimated_seconds"] == expected)
        #expect(try await validate()["estimated_start_at"] == .null)
        let worker = Worker(address: try #require(URL("http://10.0.0.1:8188")))
        try await WorkerRegistry(services: stack.services).recordSuccess(
            of: worker, at: stack.services.now)
        #expect(try await validate()["estimated_start_at"]?.string != nil)
        let second = await bench.post("/v1/workflows/execute", body)
        let queued = try #require(second.json?["job_id"]?.string)
        let shown = try #require(await bench.get("/v1/jobs/\(queued)").json)
        #expect(shown["estimated_seconds"] == expected)
        #expect(shown["estimated_start_at"]?.string.flatMap { Timestamp(rfc3339: $0) } != nil)
        #expect(await bench.get("/v1/jobs/\(id)").json?["estimated_seconds"] == .null)
    }
}
