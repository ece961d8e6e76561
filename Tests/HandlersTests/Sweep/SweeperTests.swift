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

@Suite(.timeLimit(.minutes(1))) struct SweeperTests {
    private struct Bench {
        let deployment: Deployment
        var store: JobStore { deployment.services.store }

        init(_ changes: [String: String] = [:]) async throws {
            deployment = try await Deployment.make(on: testLoop, changes)
        }

        /// A job of the past: what is due is due now.
        func oldJob(queuedFor age: Duration = .seconds(60)) async throws -> Job {
            let now = deployment.services.now
            let job = Job(
                id: Job.ID(.v7(milliseconds: now.milliseconds)), user: "alice", createdAt: now - age)
            #expect(try await store.create(job))
            return job
        }

        /// One that lost its worker and is queued again.
        func retriedJob(queuedFor age: Duration, startedBefore: Duration) async throws -> Job {
            let now = deployment.services.now
            var job = Job(
                id: Job.ID(.v7(milliseconds: now.milliseconds)), user: "alice", createdAt: now - age)
            job.startedAt = now - startedBefore
            job.attempt = 1
            job.attempts = [
                .init(
                    worker: "w-1", startedAt: now - startedBefore, endedAt: now - .seconds(60),
                    error: .workerLost)
            ]
            job.dueAt = now - .seconds(1)
            #expect(try await store.create(job))
            return job
        }

        /// As if its time had come.
        func makeDue(_ id: Job.ID) async throws {
            try await deployment.dynamoDB.update(
                JobItem.key(id), in: store.table,
                [.set("open_sk", .s(JobItem.sortable(deployment.services.now - .seconds(1))))])
        }

        /// As if the time for which workers are left out had passed.
        func endPauses() async throws {
            let registry = Dispatcher(services: deployment.services).registry
            for worker in try await registry.recorded() {
                try await deployment.dynamoDB.update(
                    ["pk": .s("WORKERS"), "sk": .s("WORKER#\(worker.id)")], in: store.table,
                    [.set("left_out_until", .n((deployment.services.now - .seconds(1)).milliseconds))])
            }
        }

        func sweep() async throws -> Sweeper.Findings {
            let dispatcher = Dispatcher(services: deployment.services)
            let sweeper = Sweeper(
                services: deployment.services, slots: dispatcher.slots,
                announcer: dispatcher.runner.announcer)
            return try await sweeper.sweep(until: .now + .seconds(30))
        }

        var rung: [Doorbell.Message?] {
            get async throws {
                let queue = deployment.services.configuration.workQueue
                return try await deployment.drain(queue).map { Doorbell.Message(body: $0) }
            }
        }
    }

    @Test func aQueuedJobWhoseDoorbellWasLostIsRungForOnceInAWhile() async throws {
        let bench = try await Bench()
        let job = try await bench.oldJob()
        let before = bench.deployment.services.now
        #expect(try await bench.sweep() == .init(rung: 1))
        #expect(try await bench.rung == [.work(hint: job.id)])
        #expect(try await bench.sweep() == .init())
        let later = try #require(try await bench.store.job(job.id)?.dueAt)
        #expect(later >= before + .seconds(30))
    }

    @Test func aJobThatWaitedTooLongFailsAndIsAnnounced() async throws {
        let bench = try await Bench(["MAX_QUEUE_SECONDS": "100"])
        let job = try await bench.oldJob(queuedFor: .seconds(101))
        #expect(try await bench.sweep() == .init(expired: 1))
        let failed = try #require(try await bench.store.job(job.id))
        #expect(failed.state == .failed)
        #expect(failed.failure?.code == .timeout)
        #expect(!failed.notificationPending)
        #expect(try await bench.deployment.drain(bench.deployment.completions).count == 1)
    }

    /// Half as long again as it has been waiting, five minutes at most, and when its time is over.
    @Test(arguments: [(10, 30), (60, 30), (200, 100), (1000, 300), (1980, 21)])
    func aJobThatHasBeenWaitingIsLookedAtLessOften(waited: Int, pause: Int) async throws {
        let bench = try await Bench(["MAX_QUEUE_SECONDS": "2000"])
        let job = try await bench.oldJob(queuedFor: .seconds(waited))
        try await bench.makeDue(job.id)
        #expect(try await bench.sweep() == .init(rung: 1))
        let due = try #require(try await bench.store.job(job.id)?.dueAt)
        let expected = job.queuedAt + .seconds(waited + pause)
        #expect(due >= expected && due < expected + .seconds(10))
    }

    /// Its doorbell is a new one.
    @Test func aRetriedJobHasBeenWaitingSinceItsLastAttempt() async throws {
        let bench = try await Bench()
        let job = try await bench.retriedJob(queuedFor: .seconds(500), startedBefore: .seconds(90))
        let swept = bench.deployment.services.now
        #expect(try await bench.sweep() == .init(rung: 1))
        let due = try #require(try await bench.store.job(job.id)?.dueAt)
        #expect(due >= swept + .seconds(30) && due < swept + .seconds(60))
    }

    @Test func aBacklogIsNotRungForJobByJob() async throws {
        let bench = try await Bench()
        for _ in 0...Sweeper.doorbells { _ = try await bench.oldJob() }
        #expect(try await bench.sweep() == .init(rung: Sweeper.doorbells))
        // All were looked at.
        #expect(try await bench.sweep() == .init())
    }

    /// What it waited for and the time of its first attempt are no wait for a free worker.
    @Test func aRetriedJobIsNotFailedForItsAge() async throws {
        let bench = try await Bench(["MAX_QUEUE_SECONDS": "100"])
        let job = try await bench.retriedJob(queuedFor: .seconds(500), startedBefore: .seconds(90))
        #expect(try await bench.sweep() == .init(rung: 1))
        #expect(try await bench.store.job(job.id)?.state == .queued)
    }

    @Test func aRetriedJobFailsWhenItsTimeIsOver() async throws {
        let bench = try await Bench()
        let job = try await bench.retriedJob(queuedFor: .seconds(700), startedBefore: .seconds(601))
        #expect(try await bench.sweep() == .init(expired: 1))
        let failed = try #require(try await bench.store.job(job.id))
        #expect(failed.failure?.code == .timeout)
        #expect(failed.failure?.message == "The job did not end within its 600 seconds.")
    }

    /// Nobody resumed it for long after its time was over: it ends all the same.
    @Test func aRunThatNobodyEndsIsEnded() async throws {
        let bench = try await Bench()
        let job = try await bench.retriedJob(queuedFor: .seconds(8000), startedBefore: .seconds(7000))
        _ = try await bench.store.apply(.claimed(Sample.run), to: job)
        try await bench.makeDue(job.id)
        #expect(try await bench.sweep() == .init(expired: 1))
        #expect(try await bench.store.job(job.id)?.failure?.code == .timeout)
        #expect(try await bench.deployment.drain(bench.deployment.completions).count == 1)
    }

    @Test func whatNobodyAnnouncedIsAnnouncedOnce() async throws {
        let bench = try await Bench()
        let job = try await bench.oldJob()
        _ = try await bench.store.apply(.cancelRequested, to: job)
        #expect(try await bench.sweep() == .init(announced: 1))
        #expect(try await bench.sweep() == .init())
        let bodies = try await bench.deployment.drain(bench.deployment.completions)
        #expect(bodies.count == 1)
        let message = try JSON(parsing: NotifyHandler.message(inQueueBody: bodies[0]))
        #expect(message["event"] == "job.cancelled")
        #expect(message["job_id"]?.string == "\(job.id)")
    }

    @Test func aRunWhoseLeaseRanOutIsOfferedToSomebodyElse() async throws {
        let bench = try await Bench()
        let job = try await bench.oldJob()
        _ = try await bench.store.apply(.claimed(Sample.run), to: job)
        try await bench.makeDue(job.id)
        #expect(try await bench.sweep() == .init(resumed: 1))
        let queue = bench.deployment.services.configuration.resumeQueue
        let messages = try await bench.deployment.drain(queue)
        #expect(messages.map { Doorbell.Message(body: $0) } == [.resume(job.id)])
    }

    @Test func aRunWhoseLeaseHoldsIsLeftAlone() async throws {
        let bench = try await Bench(["COMFYUI_URLS": "http://127.0.0.1:9"])
        let job = try await bench.oldJob()
        let dispatcher = Dispatcher(services: bench.deployment.services)
        let worker = dispatcher.services.configuration.workers[0]
        let start = bench.deployment.services.now
        let slot = try #require(try await dispatcher.slots.take(on: worker))
        let run = Job.Run(token: slot.token, worker: worker.id, slot: slot.index)
        _ = try await bench.store.apply(.claimed(run), to: job)
        try await bench.makeDue(job.id)
        #expect(try await bench.sweep() == .init())
        let due = try #require(try await bench.store.job(job.id)?.dueAt)
        #expect(due > start + .seconds(30))
    }

    private static let schedule = Array(
        #"{"id":"1","detail-type":"Scheduled Event","time":"2026-11-21T05:00:00Z","resources":[],"detail":{}}"#
            .utf8)

    /// The whole handler: probes, forgets, sweeps, reports.
    @Test func theHandlerRefreshesWhatIsKnownOfTheWorkers() async throws {
        let standIn = try await StandIn(["--step-ms", "1"])
        let bench = try await Bench(["COMFYUI_URLS": standIn.address])
        let handler = SweepHandler(services: bench.deployment.services)
        let context = InvocationContext(requestID: "r", deadline: .now + .seconds(30))
        func sweep() async throws -> JSON {
            try JSON(parsing: try await handler.handle(Self.schedule, context))
        }
        let registry = Dispatcher(services: bench.deployment.services).registry
        #expect(try await sweep()["workers"] == 1)
        #expect(try await registry.digest()?.classNames.contains("KSampler") == true)
        let worker = try #require(try await registry.recorded().first)
        #expect(worker.report?.version == "0.33.0")
        #expect(worker.checkpoints?.contains("sd_xl_base_1.0.safetensors") == true)
        #expect(try await registry.models()[worker.id]?.folders["loras"] == [])
        #expect(try await Backlog.recorded(bench.store)?.backlog.queued == 0)
        await standIn.kill()
        #expect(try await sweep()["workers"] == 0)
        #expect(try await registry.recorded().map(\.isDead) == [true])
        #expect(try await registry.digest() == nil)

        // A queued job is rung for as soon as the worker answers again.
        let port = try #require(standIn.address.split(separator: ":").last.flatMap { Int($0) })
        _ = try await bench.deployment.submit()
        let again = try await StandIn(["--step-ms", "1"], port: port)
        try await bench.endPauses()
        #expect(try await sweep()["workers"] == 1)
        #expect(try await bench.rung == [.work(hint: nil)])
        await again.kill()
    }

    /// A worker that takes connections and never answers costs the sweep nothing of its own work.
    @Test func aHangingWorkerDoesNotKeepTheSweepFromItsWork() async throws {
        let hanging = try ScriptedServer { $0.waitForHangUp() }
        let bench = try await Bench(["COMFYUI_URLS": "\(hanging.url())"])
        let job = try await bench.oldJob()
        let handler = SweepHandler(services: bench.deployment.services)
        let context = InvocationContext(requestID: "r", deadline: .now + .seconds(20))
        let report = try JSON(parsing: try await handler.handle(Self.schedule, context))
        #expect(report["rung"] == 1)
        #expect(report["workers"] == 0)
        #expect(context.deadline > .now)
        #expect(try await bench.rung == [.work(hint: job.id)])
        let registry = Dispatcher(services: bench.deployment.services).registry
        #expect(try await registry.workers().map(\.failures) == [Worker.patience])
    }

    @Test func aWorkerThatIsConfiguredNoMoreIsForgotten() async throws {
        let bench = try await Bench(["COMFYUI_URLS": "http://127.0.0.1:9"])
        let services = bench.deployment.services
        let dispatcher = Dispatcher(services: services)
        let registry = dispatcher.registry
        let stranger = Worker(address: try #require(.init("http://127.0.0.1:10")))
        try await registry.recordSuccess(of: stranger, at: services.now)
        #expect(try await registry.recorded().map(\.id) == [stranger.id])
        _ = try await WorkerProbe(services: services, registry: registry, slots: dispatcher.slots)
            .refresh(until: .now + .seconds(30))
        #expect(try await registry.recorded().map(\.id) == [services.configuration.workers[0].id])
    }
}
