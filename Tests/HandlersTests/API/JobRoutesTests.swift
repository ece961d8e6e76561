import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Testing
import Time

@testable import Handlers

/// The way of a job through the API, on a local AWS.
@Suite(.timeLimit(.minutes(1)))
struct JobRoutesTests {
    private func output(_ index: Int, _ kind: Job.Output.Kind, _ type: String) -> Job.Output {
        Job.Output(
            index: index, nodeID: "save", kind: kind, filename: "x", contentType: type, bytes: 3,
            sha256: "00", width: nil, height: nil, key: "outputs/local/j/1/\(index).bin")
    }

    @Test func aSubmissionIsAJobAWorkflowAndADoorbell() async throws {
        let stack = try await LocalStack.start()
        let answer = await stack.bench.post(
            "/v1/generate", #"{"prompt": "a <lighthouse>", "priority": "high", "metadata": {"a": [1]}}"#)
        #expect(answer.status == 202)
        let id = try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
        #expect(answer.headers["Location"] == "/v1/jobs/\(id)")
        #expect(answer.json?["status"] == "queued")
        #expect(answer.json?["priority"] == 8)
        #expect(answer.json?["metadata"] == ["a": [1]])
        #expect(answer.json?["seed"]?.uint64 != nil)
        // The job, its workflow, its metadata.
        #expect(try await stack.remains() == .init(items: 3, objects: 0, messages: 1))

        let workflow = try #require(try await stack.services.documents.workflow(id))
        #expect(workflow["positive"]?.inputs["text"] == "a <lighthouse>")
        #expect(workflow["sampler"]?.inputs["seed"] == answer.json?["seed"])
        let message = try #require(
            try await stack.services.doorbell.sqs.receive(from: stack.queue).first)
        #expect(Doorbell.Message(body: message.body) == .work(hint: id))

        let shown = await stack.bench.get("/v1/generate/\(id)")
        #expect(shown.status == 200)
        #expect(shown.json?["queue_position"] == 1)
        #expect(shown.json?["seed"] == answer.json?["seed"])
    }

    @Test func theSameKeyIsTheSameJob() async throws {
        let stack = try await LocalStack.start()
        func post(_ body: String, _ key: String) async -> APIBench.Answer {
            await stack.bench.post("/v1/generate", body, headers: ["Idempotency-Key": key])
        }
        let first = await post(#"{"prompt": "p"}"#, "k")
        let again = await post(#"{ "prompt" : "p" }"#, "k")
        #expect(first.status == 202)
        #expect(again.status == 202)
        #expect(first.json?["job_id"] == again.json?["job_id"])
        #expect(first.json?["seed"] == again.json?["seed"])
        #expect(try await stack.remains().messages == 1)
        let other = await post(#"{"prompt": "q"}"#, "k")
        #expect(other.status == 422)
        #expect(other.code == "IDEMPOTENCY_MISMATCH")
        let elsewhere = await post(#"{"prompt": "p"}"#, "k2")
        #expect(elsewhere.json?["job_id"] != first.json?["job_id"])
    }

    @Test func aKeyWithoutAJobMakesTheJobUnderItsID() async throws {
        let stack = try await LocalStack.start()
        let body = try #require(try JSONTestBody.object(#"{"prompt": "p"}"#))
        let repeatable = JobSubmission.Repeatable(key: "k", operation: "generate", body: body)
        let id = Job.ID(.v7(milliseconds: stack.services.now.milliseconds))
        // The first request died right after its claim.
        _ = try await stack.services.idempotency.claim(
            user: "local", key: "k", bodyHash: repeatable.hash, proposed: id, at: stack.services.now)
        let answer = await stack.bench.post(
            "/v1/generate", #"{"prompt": "p"}"#, headers: ["Idempotency-Key": "k"])
        #expect(answer.status == 202)
        #expect(answer.json?["job_id"] == .string("\(id)"))
    }

    @Test func twentyAtOnceWithOneKeyAreOneJob() async throws {
        let stack = try await LocalStack.start()
        let answers = await withTaskGroup(of: APIBench.Answer.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await stack.bench.post(
                        "/v1/generate", #"{"prompt": "p"}"#, headers: ["Idempotency-Key": "k"])
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map(\.status)) == [202])
        #expect(Set(answers.map { $0.json?["job_id"]?.string }).count == 1)
        let id = try #require((answers.first?.json?["job_id"]?.string).flatMap { Job.ID($0) })
        let job = try #require(try await stack.services.store.job(id))
        let workflow = try #require(try await stack.services.documents.workflow(id))
        #expect(workflow["sampler"]?.inputs["seed"]?.uint64 == job.seed)
    }

    @Test func aDeadQueueDoesNotRefuseJobs() async throws {
        let nowhere = ["WORK_QUEUE_URL": "http://127.0.0.1:9/000000000000/gone"]
        let stack = try await LocalStack.start(nowhere)
        let id = try await stack.submit()
        let job = try #require(try await stack.services.store.job(id))
        #expect(job.state == .queued)
        #expect(job.dueAt == job.createdAt + .seconds(30))
    }

    @Test func queuedJobsAreCancelledAtOnce() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        for _ in 0..<2 {
            let answer = await stack.bench.post("/v1/jobs/\(id)/cancel")
            #expect(answer.status == 200)
            #expect(answer.json?["status"] == "cancelled")
        }
        #expect(try await stack.services.store.job(id)?.notificationPending == false)
    }

    @Test func runningJobsAreMarked() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        _ = try await stack.claim(id)
        let first = await stack.bench.post("/v1/jobs/\(id)/cancel", "{}")
        #expect(first.status == 202)
        #expect(first.json?["status"] == "running")
        let mark = first.json?["cancel_requested_at"]
        #expect(mark?.string != nil)
        let again = await stack.bench.post("/v1/jobs/\(id)/cancel")
        #expect(again.status == 202)
        #expect(again.json?["cancel_requested_at"] == mark)
    }

    @Test func finishedJobsStayAsTheyAre() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        try await stack.complete(id, [output(0, .image, "image/png")])
        let answer = await stack.bench.post("/v1/jobs/\(id)/cancel")
        #expect(answer.status == 409)
        #expect(answer.code == "CONFLICT")
        #expect(try await stack.services.store.job(id)?.state == .completed)
    }

    @Test func outputsHaveAddresses() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        let early = await stack.bench.get("/v1/jobs/\(id)/image")
        #expect(early.status == 409)
        try await stack.complete(
            id, [output(0, .file, "application/octet-stream"), output(1, .image, "image/png")])
        let shown = await stack.bench.get("/v1/jobs/\(id)")
        let outputs = shown.json?["outputs"]?.array ?? []
        #expect(outputs.count == 2)
        let file = try #require(outputs.first?["url"]?.string)
        let image = try #require(outputs.last?["url"]?.string)
        #expect(file.contains("response-content-disposition=attachment"))
        #expect(!image.contains("response-content-disposition"))
        #expect(shown.json?["image_url"]?.string == image)
        #expect((outputs.first?["url_expires_at"]?.string).flatMap { Timestamp(rfc3339: $0) } != nil)

        let picture = await stack.bench.get("/v1/generate/\(id)/image")
        #expect(picture.status == 302)
        #expect(picture.headers["Location"]?.contains("/outputs/local/j/1/1.bin?") == true)
        let first = await stack.bench.get("/v1/jobs/\(id)/image", query: [("index", "0")])
        #expect(first.status == 302)
        #expect(first.headers["Location"]?.contains("/outputs/local/j/1/0.bin?") == true)
        #expect(await stack.bench.get("/v1/jobs/\(id)/image", query: [("index", "2")]).status == 404)
        #expect(await stack.bench.get("/v1/jobs/\(id)/image", query: [("index", "x")]).status == 400)
    }

    @Test func aDistributionsAddressesDoNotExpire() async throws {
        let stack = try await LocalStack.start(
            ["OUTPUT_BASE_URL": "https://cdn.example/pictures/"])
        let id = try await stack.submit()
        try await stack.complete(id, [output(0, .image, "image/png")])
        let shown = await stack.bench.get("/v1/jobs/\(id)")
        #expect(shown.json?["image_url"] == "https://cdn.example/pictures/outputs/local/j/1/0.bin")
        #expect(shown.json?["outputs"]?[0]?["url_expires_at"]?.isNull == true)
    }

    @Test func listsArePagedNewestFirst() async throws {
        let stack = try await LocalStack.start()
        var ids: [String] = []
        for _ in 0..<5 { ids.append("\(try await stack.submit())") }
        _ = await stack.bench.post("/v1/jobs/\(ids[1])/cancel")
        var found: [String] = []
        var cursor: String?
        var pages = 0
        repeat {
            let query = [("limit", "2")] + (cursor.map { [("cursor", $0)] } ?? [])
            let page = await stack.bench.get(
                "/v1/jobs", query: query.map { (name: $0.0, value: $0.1) })
            #expect(page.status == 200)
            found += (page.json?["jobs"]?.array ?? []).compactMap { $0["job_id"]?.string }
            cursor = page.json?["next_cursor"]?.string
            pages += 1
        } while cursor != nil && pages < 10
        #expect(found == ids.reversed())
        #expect(pages == 3)
        let cancelled = await stack.bench.get("/v1/jobs", query: [("status", "cancelled")])
        #expect(cancelled.json?["jobs"]?.array?.compactMap { $0["job_id"]?.string } == [ids[1]])
    }

    @Test func theQueueIsCountedBandByBand() async throws {
        let stack = try await LocalStack.start()
        let low = try await stack.submit(#"{"prompt": "p", "priority": "low"}"#)
        let normal = try await stack.submit()
        let later = try await stack.submit()
        let high = try await stack.submit(#"{"prompt": "p", "priority": 10}"#)
        var positions: [Int?] = []
        for id in [high, normal, later, low] {
            positions.append(await stack.bench.get("/v1/jobs/\(id)").json?["queue_position"]?.int)
        }
        #expect(positions == [1, 2, 3, 4])
    }

    @Test func whoPrefersToWaitGetsTheFinishedJob() async throws {
        let stack = try await LocalStack.start()
        async let answer = stack.bench.post(
            "/v1/generate", #"{"prompt": "p"}"#, headers: ["Prefer": "wait=20"])
        var message: SQS.Message?
        while message == nil {
            message = try await stack.services.doorbell.sqs.receive(
                from: stack.queue, wait: .seconds(1)
            ).first
        }
        guard let body = message?.body, case .work(hint: let id?)? = Doorbell.Message(body: body) else {
            Issue.record("no doorbell")
            return
        }
        try await stack.complete(id, [output(0, .image, "image/png")])
        let finished = await answer
        #expect(finished.status == 200)
        #expect(finished.headers["Preference-Applied"] == "wait=20")
        #expect(finished.json?["status"] == "completed")
        #expect(finished.json?["image_url"]?.string != nil)
    }

    @Test func whoPrefersToWaitTooBrieflyGetsTheQueuedOne() async throws {
        let stack = try await LocalStack.start()
        let answer = await stack.bench.post(
            "/v1/generate", #"{"prompt": "p"}"#, headers: ["Prefer": "wait=1"])
        #expect(answer.status == 202)
        #expect(answer.json?["status"] == "queued")
    }

    @Test func isReadyUnlessEveryListedWorkerIsDead() async throws {
        let stack = try await LocalStack.start()
        let none = await stack.bench.get("/health/ready")
        #expect(none.status == 200)
        #expect(
            none.json
                == ["status": "ready", "dynamodb": "ok", "s3": "ok", "workers": 0, "workers_alive": 0])
        let registry = WorkerRegistry(services: stack.services)
        let worker = Worker(address: try #require(URL("http://10.0.0.1:8188")))
        try await registry.recordFailure(of: worker, count: 3, at: stack.services.now)
        let dead = await stack.bench.get("/health/readiness/")
        #expect(dead.status == 503)
        #expect(dead.json?["error"]?["details"]?["workers_alive"] == 0)
        #expect(!String(decoding: dead.body, as: UTF8.self).contains("10.0.0.1"))
        try await registry.recordSuccess(of: worker, at: stack.services.now)
        #expect(await stack.bench.get("/health/ready").status == 200)
    }
}
