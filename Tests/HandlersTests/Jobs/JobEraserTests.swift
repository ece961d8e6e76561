import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1)))
struct JobEraserTests {
    /// A job with everything that a job can have, as its run left it.
    private func fullJob(_ stack: LocalStack, webhook: Bool = false) async throws -> Job.ID {
        let services = stack.services
        let webhookField = webhook ? #", "webhook_url": "https://hooks.example/x""# : ""
        let id = try await stack.submit(
            #"{"prompt": "a lighthouse", "metadata": {"a": 1}\#(webhookField)}"#)
        let key = OutputKey.output(user: "local", job: id, attempt: 1, index: 0, fileExtension: "png")
        let bucket = services.configuration.bucket
        try await services.s3.put([1], bucket: bucket, key: key)
        // Of an attempt before, and in parts: no list of outputs names them.
        try await services.s3.put([2], bucket: bucket, key: "outputs/local/\(id)/p1/1/0.png")
        try await services.s3.put(
            [3], bucket: bucket, key: OutputKey.workflow(user: "local", job: id))
        let expires = services.now + .seconds(3600)
        let documents = services.documents
        try await documents.store(progress: ["percent": 50], of: 1, for: id, expires: expires)
        try await documents.store(outputs: [:], of: 1, for: id, expires: expires)
        var output = Sample.output
        output.key = key
        try await stack.complete(id, [output])
        return id
    }

    private func delete(_ stack: LocalStack, _ id: Job.ID) async -> APIBench.Answer {
        await stack.bench.send(HTTPRequest(.delete, "/v1/jobs/\(id)"))
    }

    private func keys(_ stack: LocalStack) async throws -> [String] {
        var keys: [String] = []
        for try await object in stack.services.s3.list(stack.services.configuration.bucket).objects {
            keys.append(object.key)
        }
        return keys
    }

    @Test func aDeletedJobIsGoneWithAllThatItLeft() async throws {
        let stack = try await LocalStack.start()
        let other = try await fullJob(stack)
        let id = try await fullJob(stack)
        #expect(try await keys(stack).count == 6)
        let answer = await delete(stack, id)
        #expect(answer.status == 204)
        #expect(answer.body.isEmpty)
        #expect(try await keys(stack).allSatisfy { $0.contains("\(other)") })
        #expect(try await keys(stack).count == 3)
        for path in ["", "/image", "/events"] {
            #expect(await stack.bench.get("/v1/jobs/\(id)\(path)").status == 404)
        }
        #expect(await stack.bench.post("/v1/jobs/\(id)/cancel").status == 404)
        #expect(await delete(stack, id).status == 404)
        let listed = await stack.bench.get("/v1/jobs").json?["jobs"]?.array ?? []
        #expect(listed.compactMap { $0["job_id"]?.string } == ["\(other)"])
        let completed = await stack.bench.get("/v1/jobs", query: [("status", "completed")])
        #expect(completed.json?["jobs"]?.array?.count == 1)
        // Only a tombstone is left, which nothing is due for, and TTL removes.
        let services = stack.services
        var query = DynamoDB.Query(
            table: services.configuration.table, where: .equals("pk", .s(JobItem.partition(id))))
        query.consistent = true
        let left = try await services.store.dynamoDB.query(query).items
        #expect(left.count == 1)
        let stone = try #require(left.first)
        #expect(stone["open_pk"] == nil)
        #expect(stone["outputs"] == nil)
        #expect(stone["seed"] == nil)
        let end = try #require(stone["expires_at"]?.int64)
        #expect(abs(end - (services.now + .seconds(48 * 3600)).seconds) < 60)
        // The other one is as it was.
        #expect(await stack.bench.get("/v1/jobs/\(other)").json?["metadata"] == ["a": 1])
    }

    @Test func aJobThatHasNotEndedIsToBeCancelledFirst() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        #expect(await delete(stack, id).code == "CONFLICT")
        _ = try await stack.claim(id)
        #expect(await delete(stack, id).status == 409)
        #expect(try await stack.services.store.job(id)?.state == .running)
        let queued = try await stack.submit()
        #expect(await stack.bench.post("/v1/jobs/\(queued)/cancel").status == 200)
        #expect(await delete(stack, queued).status == 204)
    }

    @Test func itsKeyStaysSpent() async throws {
        let stack = try await LocalStack.start()
        func post() async -> APIBench.Answer {
            await stack.bench.post(
                "/v1/generate", #"{"prompt": "p"}"#, headers: ["Idempotency-Key": "k"])
        }
        let id = try #require((await post().json?["job_id"]?.string).flatMap { Job.ID($0) })
        try await stack.complete(id, [])
        #expect(await delete(stack, id).status == 204)
        let before = try await stack.remains().items
        let again = await post()
        #expect(again.status == 409)
        #expect(again.code == "CONFLICT")
        #expect(try await stack.remains().items == before)
    }

    /// A completion whose message is still on its way when its job is deleted reaches the webhook all the same.
    @Test func itsWebhookIsRecordedAfterwards() async throws {
        let stack = try await LocalStack.start(["WEBHOOK_ALLOWED_HOSTS": "hooks.example"])
        let services = stack.services
        let id = try await fullJob(stack, webhook: true)
        #expect(await delete(stack, id).status == 204)
        let job = try #require(try await services.store.job(id))
        #expect(job.completionEvent == "job.completed")
        #expect(!job.notificationPending)
        let delivery = try #require(Delivery(job, event: "job.completed", at: services.now))
        let store = DeliveryStore(services)
        #expect(try await store.record(delivery))
        let page = try await services.documents.page(id, at: services.now, deletedToo: true)
        let message = JobView(try #require(page)).message(bucket: "b", at: services.now)
        #expect(message["status"] == "completed")
        #expect(message["outputs"] == [])
    }

    /// Whoever deleted it died right after the mark: the sweep finds it, announces it and removes the rest.
    @Test func theSweepGoesOnWithWhatACrashLeft() async throws {
        let stack = try await LocalStack.start(["SWEEP_ATTENTION_SECONDS": "900"])
        let services = stack.services
        let id = try await fullJob(stack)
        let job = try #require(try await services.store.job(id))
        #expect(job.notificationPending)
        let marked = try #require(try await JobEraser(services: services).mark(job))
        #expect(marked.notificationPending)
        #expect(await stack.bench.get("/v1/jobs/\(id)").status == 404)
        #expect(await delete(stack, id).status == 404)
        func sweep() async throws -> Sweeper.Findings {
            let dispatcher = Dispatcher(services: services)
            return try await Sweeper(
                services: services, slots: dispatcher.slots, announcer: dispatcher.runner.announcer
            ).sweep(until: .now + .seconds(30))
        }
        // Not yet: whoever deletes has a while for it.
        #expect(try await sweep() == .init())
        try await services.store.dynamoDB.update(
            JobItem.key(id), in: services.configuration.table,
            [.set("open_sk", .s(JobItem.sortable(services.now - .seconds(1))))])
        #expect(try await sweep() == .init(erased: 1))
        #expect(try await keys(stack).isEmpty)
        let stone = try #require(try await services.store.job(id))
        #expect(!stone.notificationPending)
        #expect(stone.outputs.isEmpty)
        #expect(try await sweep() == .init())
    }

    @Test func twoAtOnceAreOneDeletion() async throws {
        let stack = try await LocalStack.start()
        let id = try await fullJob(stack)
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { await delete(stack, id).status } }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.sorted() == [204, 404, 404, 404])
        #expect(try await keys(stack).isEmpty)
    }
}
