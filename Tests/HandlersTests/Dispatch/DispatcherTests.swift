import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

/// Jobs through a dispatcher, a table, a bucket, a topic and the stand-in for ComfyUI.
@Suite(.timeLimit(.minutes(2))) struct DispatcherTests {
    @Test func aQueuedJobBecomesAnObjectAndAMessageAndLeavesNothingBehind() async throws {
        let bench = try await DispatchBench()
        let queued = try await bench.deployment.submit()
        try await bench.dispatch()
        let job = try await bench.job(queued.id)
        #expect(job.state == .completed)
        #expect(job.attempt == 1)
        #expect(!job.notificationPending)
        let output = try #require(job.outputs.first)
        #expect(output.key == "outputs/alice/\(job.id)/1/0.png")
        #expect(output.width == 64)
        #expect(output.height == 64)
        let services = bench.deployment.services
        let bytes = try await services.s3.get(bucket: services.configuration.bucket, key: output.key)
        #expect(bytes.count == output.bytes)
        #expect(Hex.encode(SHA256.hash(bytes)) == output.sha256)
        #expect(try await bench.announced() == ["job.completed"])
        // Neither a held slot nor a history entry.
        #expect(
            try await bench.dispatcher.slots.take(on: bench.dispatcher.services.configuration.workers[0])
                != nil)
        let prompt = PromptID.derive(job: job.id, attempt: 1)
        #expect(try await bench.client.history(prompt) == nil)
    }

    @Test(arguments: [
        ("reject_prompt=1", Job.Failure.Code.workflowRejected, 1),
        ("raise_on=1", .nodeFailed, 1),
        ("oom_on=1", .outOfMemory, 2),
    ])
    func aFailureIsTheWorkflowsOwn(_ fault: String, _ code: Job.Failure.Code, _ attempts: Int)
        async throws
    {
        let bench = try await DispatchBench(["--fault", fault])
        let queued = try await bench.deployment.submit()
        let job = try await bench.dispatchToTheEnd(queued.id)
        #expect(job.state == .failed)
        #expect(job.failure?.code == code)
        #expect(job.attempt == attempts)
        #expect(try await bench.announced() == ["job.failed"])
    }

    /// A lost answer, a deaf or dropped socket, a cut download: one attempt, one run, whole outputs.
    @Test(arguments: ["drop_answer=1", "fail_after_queue=1", "drop_socket=1", "cut_view=1", "fail_view=1"])
    func troubleOnTheWayCostsNoAttempt(_ fault: String) async throws {
        let bench = try await DispatchBench(["--fault", fault])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        let job = try await bench.dispatchToTheEnd(queued.id)
        #expect(job.state == .completed)
        #expect(job.attempt == 1)
        #expect(job.outputs.count == 1)
    }

    @Test func anAnswerThatWasNeverMeantIsTriedAgain() async throws {
        let bench = try await DispatchBench(["--fault", "fail_prompt=1"])
        let queued = try await bench.deployment.submit()
        let job = try await bench.dispatchToTheEnd(queued.id)
        #expect(job.state == .completed)
        #expect(job.attempts.map(\.error) == [.workerLost, nil])
    }

    @Test func aWorkerThatIsGoneCostsNoAttemptBeforeThePrompt() async throws {
        let bench = try await DispatchBench()
        let queued = try await bench.deployment.submit()
        await bench.standIn.kill()
        try await bench.dispatch(hint: queued.id)
        let job = try await bench.job(queued.id)
        #expect(job.state == .queued)
        #expect(job.attempt == 0)
        #expect(try await bench.dispatcher.registry.workers().first?.failures == 1)
    }

    @Test func aRunningJobIsCancelledOnItsWorker() async throws {
        let bench = try await DispatchBench(["--step-ms", "200"])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        async let dispatched = bench.dispatch()
        try await bench.untilSubmitted(queued.id)
        _ = try await bench.store.applyLatest(.cancelRequested, to: queued.id)
        _ = try await dispatched
        let job = try await bench.job(queued.id)
        #expect(job.state == .cancelled)
        #expect(try await bench.client.queue().running.isEmpty)
        #expect(try await bench.announced() == ["job.cancelled"])
    }

    /// Near the deadline the run goes to the resume queue; the next invocation takes over the same prompt.
    @Test func aHandOffIsNoAttemptAndTheGPUNeverStops() async throws {
        let bench = try await DispatchBench(["--step-ms", "800", "--control"])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        // On a busy machine the time may be over before the job is claimed.
        repeat {
            try await bench.dispatch(time: .seconds(9))
        } while try await bench.job(queued.id).state == .queued
        let resumeQueue = bench.deployment.services.configuration.resumeQueue
        let messages = try await bench.deployment.drain(resumeQueue)
        #expect(messages.map { Doorbell.Message(body: $0) } == [.resume(queued.id)])
        #expect(try await bench.job(queued.id).state == .running)
        #expect(try await bench.dispatch(resumes: [queued.id]).isEmpty)
        let job = try await bench.job(queued.id)
        #expect(job.state == .completed)
        #expect(job.attempt == 1)
        let runs = try #require(URL(bench.standIn.address + "/standin/runs"))
        let answer = try await bench.deployment.services.http.send(.init(.get, runs))
        let lines = try JSON(parsing: answer.body).array ?? []
        #expect(Set(lines.compactMap { $0["prompt_id"]?.string }).count == 1)
    }

    @Test func aJobThatTakesTooLongIsStoppedAndFails() async throws {
        let bench = try await DispatchBench(["--step-ms", "500"])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        try await bench.deployment.dynamoDB.update(
            JobItem.key(queued.id), in: bench.store.table, [.set("timeout_seconds", .n(2))])
        try await bench.dispatch()
        let job = try await bench.job(queued.id)
        #expect(job.state == .failed)
        #expect(job.failure?.code == .timeout)
        #expect(try await bench.client.queue().running.isEmpty)
    }

    /// SQS may deliver a message twice: who runs the job goes on.
    @Test func aResumeOfAJobThatSomebodyRunsDisturbsNobody() async throws {
        let bench = try await DispatchBench()
        let worker = bench.dispatcher.services.configuration.workers[0]
        let queued = try await bench.deployment.submit()
        let slot = try #require(try await bench.dispatcher.slots.take(on: worker))
        #expect(try await bench.dispatcher.slots.assign(queued.id, to: slot))
        let run = Job.Run(token: slot.token, worker: worker.id, slot: slot.index)
        _ = try await bench.store.apply(.claimed(run), to: queued)
        #expect(try await bench.dispatch(resumes: [queued.id]).isEmpty)
        #expect(try await bench.job(queued.id).run == run)
        #expect(try await bench.dispatcher.slots.renew(slot))
    }

    /// Only the job that ran there when it died has an attempt less.
    @Test func aWorkerThatDiesCostsTheWaitingJobsNoAttempt() async throws {
        let bench = try await DispatchBench(["--fault", "crash_on=4"])
        var ids: [Job.ID] = []
        for user in ["alice", "bob", "carol"] {
            ids.append(try await bench.deployment.submit(user: user, workflow: DispatchBench.slow).id)
        }
        try await bench.dispatch()
        var attempts: [Int] = []
        for id in ids {
            let job = try await bench.job(id)
            #expect(job.state == .queued)
            attempts.append(job.attempt)
        }
        #expect(attempts.sorted() == [0, 0, 1])
    }

    @Test func withoutAnyWorkerAJobWaits() async throws {
        let bench = try await DispatchBench(workers: [])
        let queued = try await bench.deployment.submit()
        try await bench.dispatch(hint: queued.id)
        let job = try await bench.job(queued.id)
        #expect(job.state == .queued)
        #expect(job.attempt == 0)
        #expect(job.version == queued.version)
        #expect(try await bench.announced() == [])
    }

    @Test func noMoreJobsRunHereThanAllowed() async throws {
        let bench = try await DispatchBench(
            ["--step-ms", "100"], ["COMFYUI_SLOTS": "4", "DISPATCH_CONCURRENCY": "2"])
        for _ in 0..<4 { _ = try await bench.deployment.submit(workflow: DispatchBench.slow) }
        async let dispatched = bench.dispatch()
        var most = 0
        func completed() async throws -> Int {
            try await bench.store.list(user: "alice", state: .completed, limit: 4, after: nil).jobs.count
        }
        while try await completed() < 4 {
            most = max(most, try await bench.store.runningCount(user: "alice", limit: 4))
        }
        _ = try await dispatched
        #expect(most == 2)
    }

    @Test func anInvocationThatEndsRingsForWhatIsStillQueued() async throws {
        let bench = try await DispatchBench(["--step-ms", "1000"])
        let first = try await bench.deployment.submit(workflow: DispatchBench.slow)
        _ = try await bench.deployment.submit(workflow: DispatchBench.slow)
        let workQueue = bench.deployment.services.configuration.workQueue
        // On a busy machine the time may be over before the job is claimed.
        repeat {
            _ = try await bench.deployment.drain(workQueue)
            try await bench.dispatch(time: .seconds(9))
        } while try await bench.job(first.id).state == .queued
        #expect(try await bench.job(first.id).state == .running)
        let messages = try await bench.deployment.drain(workQueue)
        #expect(messages.map { Doorbell.Message(body: $0) } == [.work(hint: nil)])
    }

    /// It would hand off what it takes over at once, and be rung for it at once, for ever.
    @Test func anInvocationTooShortForAHandOffTakesNothing() async throws {
        let bench = try await DispatchBench()
        let worker = bench.dispatcher.services.configuration.workers[0]
        let (waiting, queued) = (try await bench.deployment.submit(), try await bench.deployment.submit())
        let run = Job.Run(token: "gone", worker: worker.id, slot: 0)
        _ = try await bench.store.apply(.claimed(run), to: queued)
        #expect(try await bench.dispatch(resumes: [queued.id], time: .seconds(1)) == [queued.id])
        #expect(try await bench.job(queued.id).run == run)
        #expect(try await bench.job(waiting.id).state == .queued)
        let configuration = bench.deployment.services.configuration
        #expect(try await bench.deployment.drain(configuration.workQueue).isEmpty)
        #expect(try await bench.deployment.drain(configuration.resumeQueue).isEmpty)
    }

    @Test func aLeaseShorterThanTheHeartbeatIsHeldAllTheSame() async throws {
        let bench = try await DispatchBench(
            ["--step-ms", "400"], ["LEASE_SECONDS": "4", "HEARTBEAT_SECONDS": "5"])
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        async let dispatched = bench.dispatch()
        try await bench.untilSubmitted(queued.id)
        while let run = try await bench.job(queued.id).run {
            let end = try await bench.dispatcher.slots.leaseEnd(of: run)
            let isHeld = end.map { $0 > bench.deployment.services.now } ?? false
            if try await bench.job(queued.id).state != .running { break }
            #expect(isHeld)
            if !isHeld { break }
        }
        _ = try await dispatched
        #expect(try await bench.job(queued.id).state == .completed)
    }

    @Test func aRemovedWorkersJobIsTriedElsewhere() async throws {
        let bench = try await DispatchBench()
        let queued = try await bench.deployment.submit()
        let run = Job.Run(token: "gone", worker: "w-gone", slot: 0)
        _ = try await bench.store.apply(.claimed(run), to: queued)
        #expect(try await bench.dispatch(resumes: [queued.id]).isEmpty)
        #expect(try await bench.dispatchToTheEnd(queued.id).state == .completed)
    }

    /// Of two free workers, again and again the one that has the job's model loaded.
    @Test func jobsGoWhereTheirModelsAreLoaded() async throws {
        let bench = try await DispatchBench(workers: [[], []])
        let workers = bench.deployment.services.configuration.workers
        for worker in workers {
            try await bench.dispatcher.registry.recordSuccess(of: worker, at: bench.deployment.services.now)
        }
        let checkpoint = "sd_xl_base_1.0.safetensors"
        try await bench.dispatcher.registry.recordCheckpoint(checkpoint, of: workers[1])
        for _ in 0..<4 {
            let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
            try await bench.deployment.dynamoDB.update(
                JobItem.key(queued.id), in: bench.store.table, [.set("checkpoint", .s(checkpoint))])
            try await bench.dispatch(hint: queued.id)
            let job = try await bench.job(queued.id)
            #expect(job.state == .completed)
            #expect(job.attempts.map(\.worker) == [workers[1].id])
        }
    }

    @Test func twoDispatchersOnOneSlotRunEachJobOnce() async throws {
        let bench = try await DispatchBench()
        var ids: [Job.ID] = []
        for _ in 0..<4 { ids.append(try await bench.deployment.submit().id) }
        async let first = bench.dispatch()
        async let second = bench.dispatch()
        _ = try await (first, second)
        for id in ids {
            let job = try await bench.job(id)
            #expect(job.state == .completed)
            #expect(job.attempt == 1)
        }
        #expect(try await bench.announced().count == 4)
    }
}
