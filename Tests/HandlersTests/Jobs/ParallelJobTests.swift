import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

/// `execution_mode: parallel` from the request to the announcement.
@Suite(.timeLimit(.minutes(2))) struct ParallelJobTests {
    /// Both have begun, and neither could have ended: each would take minutes.
    @Test func partsRunOnTwoWorkersAtOnce() async throws {
        let bench = try await ParallelBench([["--step-ms", "1000"], ["--step-ms", "1000"]])
        let id = try await bench.submit(ParallelBench.pictures(2, steps: 150))
        async let ended = bench.dispatchToTheEnd(id)
        var events: [[String?]] = []
        repeat {
            try await testLoop.sleep(for: .milliseconds(100))
            events = []
            for standIn in bench.standIns {
                events.append(try await bench.runs(standIn).map { $0["event"]?.string })
            }
        } while events.contains([])
        #expect(events == [["start"], ["start"]])
        #expect(await bench.api.post("/v1/jobs/\(id)/cancel").status == 202)
        #expect(try await ended.state == .cancelled)
    }

    @Test func aJobHasTheOutputsOfAllParts() async throws {
        let bench = try await ParallelBench([[], []])
        let id = try await bench.submit(ParallelBench.pictures(2), ["node_id": "save1"])
        let job = try await bench.dispatchToTheEnd(id)
        #expect(job.state == .completed)
        #expect(job.outputs.map(\.nodeID) == ["save0", "save1"])
        #expect(job.outputs.map(\.index) == [0, 1])
        #expect(
            job.outputs.map(\.key) == [0, 1].map { "outputs/local/\(id)/p\($0)/1/0.png" })
        let services = bench.deployment.services
        for output in job.outputs {
            let bytes = try await services.s3.get(
                bucket: services.configuration.bucket, key: output.key)
            #expect(Hex.encode(SHA256.hash(bytes)) == output.sha256)
        }
        #expect(Set(job.attempts.map(\.part)) == [0, 1])
        // At least once: of two parts that end at the same moment each may announce it.
        #expect(Set(try await bench.announced()) == ["job.completed"])

        let view = await bench.api.get("/v1/jobs/\(id)")
        #expect(view.json?["parts"]?.array?.map { $0["status"]?.string } == ["completed", "completed"])
        #expect(view.json?["parts"]?.array?.map { $0["nodes"]?.int } == [6, 6])
        #expect(view.json?["progress"]?["percent"]?.int == 100)
        #expect(view.json?["progress"]?["nodes_total"]?.int == 12)
        #expect(view.json?["image_url"] == view.json?["outputs"]?.array?[1]["url"])
    }

    /// A part never waits for its job to let go of a slot, because the job has none.
    @Test func oneWorkerRunsThePartsOneAfterAnother() async throws {
        let bench = try await ParallelBench([[]])
        let id = try await bench.submit(ParallelBench.pictures(3))
        let job = try await bench.dispatchToTheEnd(id)
        #expect(job.state == .completed)
        #expect(job.outputs.map(\.nodeID) == ["save0", "save1", "save2"])
        let events = try await bench.runs(bench.standIns[0]).map { $0["event"]?.string }
        #expect(events == ["start", "end", "start", "end", "start", "end"])
        #expect(Set(try await bench.announced()) == ["job.completed"])
    }

    @Test func theFirstFailureCancelsTheRest() async throws {
        let worker = ["--step-ms", "500", "--fault", "raise_on=sample0"]
        let bench = try await ParallelBench([worker, worker])
        let id = try await bench.submit(ParallelBench.pictures(3, steps: 40))
        let job = try await bench.dispatchToTheEnd(id)
        #expect(job.state == .failed)
        #expect(job.failure?.code == .nodeFailed)
        #expect(job.failure?.details?["node_id"]?.string == "sample0")
        var states: [Job.State] = []
        for number in 0..<3 { states.append(try await bench.part(number, of: id).state) }
        #expect(states[0] == .failed)
        #expect(states[1...].allSatisfy { $0 == .cancelled || $0 == .completed })
        #expect(states.contains(.cancelled))
        #expect(Set(try await bench.announced()) == ["job.failed"])
        for standIn in bench.standIns {
            let address = try #require(URL(standIn.address))
            let client = ComfyUIClient(http: bench.deployment.services.http, address: address)
            #expect(try await client.queue().running.isEmpty)
        }
    }

    @Test func aJobNoneOfWhosePartsBeganIsCancelledAtOnce() async throws {
        let bench = try await ParallelBench()
        let id = try await bench.submit(ParallelBench.pictures(3))
        let answer = await bench.api.post("/v1/jobs/\(id)/cancel")
        #expect(answer.status == 200)
        #expect(answer.json?["status"]?.string == "cancelled")
        #expect(
            answer.json?["parts"]?.array?.map { $0["status"]?.string }
                == Array(repeating: "cancelled", count: 3))
        #expect(Set(try await bench.announced()) == ["job.cancelled"])
        #expect(await bench.api.post("/v1/jobs/\(id)/cancel").status == 200)
        #expect(try await bench.announced().isEmpty)
    }

    @Test func aRunningPartIsStoppedByItsDispatcherAndThenTheJobIsCancelled() async throws {
        let bench = try await ParallelBench()
        let id = try await bench.submit(ParallelBench.pictures(2))
        try await bench.start(0, of: id)
        await JobParts(services: bench.deployment.services).takeIn(id)
        let answer = await bench.api.post("/v1/jobs/\(id)/cancel")
        #expect(answer.status == 202)
        #expect(answer.json?["status"]?.string == "running")
        #expect(answer.json?["cancel_requested_at"]?.string != nil)
        #expect(try await bench.part(0, of: id).cancelRequestedAt != nil)
        #expect(try await bench.part(1, of: id).state == .cancelled)
        try await bench.end(0, of: id, .cancelled)
        await bench.dispatcher.runner.announcer.announce(try await bench.part(0, of: id))
        #expect(try await bench.job(id).state == .cancelled)
        #expect(Set(try await bench.announced()) == ["job.cancelled"])
    }

    @Test func whatIsCompletedBeforeACancellationIsListed() async throws {
        let bench = try await ParallelBench()
        let id = try await bench.submit(ParallelBench.pictures(2))
        try await bench.start(0, of: id)
        try await bench.end(0, of: id, .completed([Sample.output]))
        #expect(await bench.api.post("/v1/jobs/\(id)/cancel").status == 200)
        let job = try await bench.job(id)
        #expect(job.state == .cancelled)
        #expect(job.outputs == [Sample.output])
        #expect(job.failure == nil)
    }

    /// Whoever ended the last part died before its job was written.
    @Test func aSweepTakesInWhatAnEndedPartLeft() async throws {
        let bench = try await ParallelBench()
        let id = try await bench.submit(ParallelBench.pictures(2))
        for number in 0..<2 {
            try await bench.start(number, of: id)
            try await bench.end(number, of: id, .completed([Sample.output]))
        }
        #expect(try await bench.job(id).state == .queued)
        try await bench.sweep(id)
        let job = try await bench.job(id)
        #expect(job.state == .completed)
        #expect(job.outputs.map(\.index) == [0, 1])
        for number in 0..<2 { #expect(try await !bench.part(number, of: id).notificationPending) }
        #expect(Set(try await bench.announced()) == ["job.completed"])
        try await bench.sweep(id)
        #expect(try await bench.announced().isEmpty)
    }

    /// Whoever submitted it died after the job's item.
    @Test func aSweepMakesThePartsThatAreMissing() async throws {
        let bench = try await ParallelBench([[]])
        let id = try await bench.submit(ParallelBench.pictures(3))
        _ = try await bench.deployment.drain(bench.deployment.services.configuration.workQueue)
        for number in 1..<3 {
            try await bench.deployment.dynamoDB.delete(
                JobItem.key(Job.ID(id.uuid, part: number)), from: bench.store.table)
        }
        try await bench.sweep(id)
        for number in 0..<3 { #expect(try await bench.part(number, of: id).state == .queued) }
        let rung = try await bench.deployment.drain(bench.deployment.services.configuration.workQueue)
        #expect(
            rung.map { Doorbell.Message(body: $0) }.contains(.work(hint: Job.ID(id.uuid, part: 1))))
        #expect(try await bench.dispatchToTheEnd(id).outputs.map(\.nodeID) == ["save0", "save1", "save2"])
    }

    /// Whoever cancelled it died after the job's mark.
    @Test func aSweepPassesACancellationOn() async throws {
        let bench = try await ParallelBench()
        let id = try await bench.submit(ParallelBench.pictures(2))
        _ = try await bench.store.applyLatest(.cancelRequested, to: id)
        #expect(try await bench.part(0, of: id).state == .queued)
        try await bench.sweep(id)
        #expect(try await bench.job(id).state == .cancelled)
        #expect(Set(try await bench.announced()) == ["job.cancelled"])
    }

    @Test func theTimeOfTheJobRunsFromItsFirstPart() async throws {
        let bench = try await ParallelBench()
        let id = try await bench.submit(ParallelBench.pictures(2), ["timeout_seconds": 10])
        try await bench.start(0, of: id)
        try await bench.end(0, of: id, .completed([Sample.output]))
        await JobParts(services: bench.deployment.services).takeIn(id)
        #expect(try await bench.job(id).state == .running)
        let past = bench.deployment.services.now - .seconds(11)
        try await bench.deployment.dynamoDB.update(
            JobItem.key(id), in: bench.store.table, [.set("started_at", .n(past.milliseconds))])
        try await bench.sweep(id)
        let job = try await bench.job(id)
        #expect(job.state == .failed)
        #expect(job.failure?.code == .timeout)
        #expect(job.outputs == [Sample.output])
        #expect(try await bench.part(1, of: id).state == .cancelled)
    }

    @Test func aListShowsTheJobAndNotItsParts() async throws {
        let bench = try await ParallelBench()
        let id = try await bench.submit(ParallelBench.pictures(2))
        try await bench.start(0, of: id)
        await JobParts(services: bench.deployment.services).takeIn(id)
        for query in [[], [(name: "status", value: "running")]] {
            let list = await bench.api.get("/v1/jobs", query: query)
            #expect(list.json?["jobs"]?.array?.map { $0["job_id"]?.string } == ["\(id)"])
        }
        #expect(await bench.api.get("/v1/jobs/\(id)/p0").status == 404)
    }

    /// One part runs: the job itself holds no slot, and is not counted.
    @Test func aUsersLimitCountsPartsAndNotTheirJob() async throws {
        let bench = try await ParallelBench()
        let id = try await bench.submit(ParallelBench.pictures(3))
        try await bench.start(0, of: id)
        await JobParts(services: bench.deployment.services).takeIn(id)
        #expect(try await bench.store.runningCount(user: "local", limit: 5) == 1)
        try await bench.start(2, of: id)
        #expect(try await bench.store.runningCount(user: "local", limit: 5) == 2)
        #expect(try await bench.store.runningCount(user: "local", limit: 1) == 1)
    }

    /// With a limit of one, every part has its turn all the same.
    @Test func aUserWhoMayRunOneAtATimeGetsThroughTheParts() async throws {
        let bench = try await ParallelBench([[], []], ["MAX_CONCURRENT_EXECUTIONS": "1"])
        let id = try await bench.submit(ParallelBench.pictures(3))
        #expect(try await bench.dispatchToTheEnd(id).state == .completed)
    }

    @Test func progressIsThatOfAllPartsTogether() async throws {
        let bench = try await ParallelBench()
        let id = try await bench.submit(ParallelBench.pictures(2))
        try await bench.start(0, of: id)
        let documents = bench.deployment.services.documents
        await JobParts(services: bench.deployment.services).takeIn(id)
        try await documents.store(
            progress: [
                "percent": 50, "value": 2, "max": 4, "node_id": "sample0", "class_type": "KSampler",
                "nodes_done": 3, "nodes_total": 6, "nodes": ["load0": "done", "sample0": "running"],
            ], of: 1, for: Job.ID(id.uuid, part: 0), expires: bench.deployment.services.now + .seconds(60))
        let answer = await bench.api.get("/v1/jobs/\(id)")
        #expect(
            answer.json?["progress"] == [
                "percent": 25, "value": 2, "max": 4, "node_id": "sample0", "class_type": "KSampler",
                "nodes_done": 3, "nodes_total": 12, "nodes": ["load0": "done", "sample0": "running"],
            ])
        #expect(answer.json?["attempts"]?.array?.map { $0["part"]?.int } == [0])
    }

    @Test func aWorkflowOfOnePartIsAnOrdinaryJob() async throws {
        let bench = try await ParallelBench([[]])
        var nodes = try #require(ParallelBench.pictures(1).object)
        nodes["loose"] = [
            "class_type": "EmptyLatentImage", "inputs": ["width": 64, "height": 64, "batch_size": 1],
        ]
        let id = try await bench.submit(.object(nodes))
        #expect(try await !bench.job(id).hasParts)
        let job = try await bench.dispatchToTheEnd(id)
        #expect(job.outputs.map(\.key) == ["outputs/local/\(id)/1/0.png"])
    }

    @Test func moreThanTwentyFivePartsAreRefused() async throws {
        let bench = try await ParallelBench([], ["MAX_WORKFLOW_NODES": "200"])
        let all = try await bench.submit(ParallelBench.pictures(25))
        #expect(try await bench.deployment.services.documents.family(all)?.parts.count == 25)
        let items = try await bench.deployment.itemCount()
        for path in ["execute", "validate"] {
            let body: JSON = ["workflow": ParallelBench.pictures(26), "execution_mode": "parallel"]
            let answer = await bench.api.post("/v1/workflows/\(path)", body.text)
            let errors = answer.json?["errors"] ?? answer.json?["error"]?["details"]?["errors"]
            #expect(errors?.array?.map { $0["code"]?.string } == ["too_many_parts"])
        }
        #expect(try await bench.deployment.itemCount() == items)
    }
}
