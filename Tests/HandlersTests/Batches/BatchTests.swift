import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing

@testable import Handlers

/// Several jobs with one request.
@Suite(.timeLimit(.minutes(1)))
struct BatchTests {
    private static let mixed: JSON = [
        "items": [
            ["prompt": "one", "batch_size": 2], ["prompt": "two", "steps": 0],
            ["prompt": "three", "seed": 7],
            ["prompt": "four", "model": "../x"],
        ]
    ]

    private static func jobs(_ answer: APIBench.Answer) throws -> [Job.ID] {
        try #require(answer.json?["items"]?.array).compactMap { item in
            (item["job_id"]?.string).flatMap { Job.ID($0) }
        }
    }

    @Test func eachItemIsAJobOrRefusedByItself() async throws {
        let bench = try await AccessBench.start()
        let ada = bench.foreignToken("ada")
        let made = await bench.send(.post, "/v1/generate/batch", Self.mixed, token: ada)
        #expect(made.status == 202)
        let items = try #require(made.json?["items"]?.array)
        #expect(items.map { $0["status"] } == ["queued", .null, "queued", .null])
        #expect(items[1]["error"]?["code"] == "VALIDATION_ERROR")
        #expect(items[1]["error"]?["details"]?["errors"]?[0]?["field"] == "steps")
        #expect(items[3]["error"]?["details"]?["errors"]?[0]?["code"] == "climbing_path")
        #expect(items[2]["seed"] == 7)
        #expect(
            made.json?["counts"]
                == [
                    "queued": 2, "running": 0, "completed": 0, "failed": 0, "cancelled": 0, "refused": 2,
                    "missing": 0,
                ])
        // In the order of the items, as lists show them, and each with its own share of the day.
        let jobs = try Self.jobs(made)
        let list = await bench.send(.get, "/v1/jobs", token: ada)
        #expect(
            list.json?["jobs"]?.array?.compactMap { $0["job_id"]?.string } == jobs.reversed().map { "\($0)" })
        #expect(
            await bench.send(.get, "/v1/usage", token: ada).json?["images"]
                == ["used": 3, "limit": 10, "remaining": 7])
        #expect(try await bench.services.store.job(jobs[0])?.charge?.images == 2)
        #expect(try await bench.services.store.job(jobs[1])?.charge?.images == 1)
        let path = try #require(made.headers["Location"])
        let shown = await bench.send(.get, path, token: ada)
        #expect(shown.json?["counts"] == made.json?["counts"])
        #expect(shown.json?["items"]?[1]?["error"]?["code"] == "VALIDATION_ERROR")
    }

    @Test func theDayHoldsAllOrNone() async throws {
        let bench = try await AccessBench.start()
        let ada = bench.foreignToken("ada")
        let before = try await bench.stack.remains()
        let items = (1...3).map { _ in ["prompt": "p", "batch_size": 4] as JSON }
        let refused = await bench.send(.post, "/v1/generate/batch", ["items": .array(items)], token: ada)
        #expect(refused.status == 429)
        #expect(refused.code == "QUOTA_EXCEEDED")
        #expect(refused.json?["error"]?["details"]?["images_wanted"] == 12)
        #expect(await bench.send(.get, "/v1/jobs", token: ada).json?["jobs"] == [])
        #expect(try await bench.stack.remains().messages == before.messages)
        let held = await bench.send(
            .post, "/v1/generate/batch", ["items": .array(Array(items.prefix(2)))], token: ada)
        #expect(held.status == 202)
    }

    @Test func withoutAValidItemNothingIsMade() async throws {
        let stack = try await LocalStack.start()
        let refused = await stack.bench.post(
            "/v1/generate/batch", #"{"items": [{"prompt": ""}, {"prompt": "p", "stepps": 1}]}"#)
        #expect(refused.status == 400)
        let faults = try #require(refused.json?["error"]?["details"]?["errors"]?.array)
        #expect(
            faults.map { "\($0["field"]?.string ?? "") \($0["code"]?.string ?? "")" }
                == ["items.0.prompt too_short", "items.1.stepps unknown_field"])
        let many = JSON.array((0...25).map { _ in ["prompt": "p"] })
        for items in [many, [], ["p"], "p"] as [JSON] {
            let answer = await stack.bench.post("/v1/generate/batch", (["items": items] as JSON).text)
            #expect(answer.status == 400)
        }
        #expect(try await stack.remains() == .init())
    }

    private static let picture: JSON = [
        "1": [
            "class_type": "EmptyImage", "inputs": ["width": 64, "height": 64, "batch_size": 3, "color": 1],
        ],
        "2": ["class_type": "SaveImage", "inputs": ["images": ["1", 0], "filename_prefix": "p"]],
    ]

    /// One quota step for graphs, stored workflows and prompts alike.
    @Test func anItemIsWhatMakesOneJobElsewhere() async throws {
        let bench = try await AccessBench.start()
        let ada = bench.foreignToken("ada")
        let bob = bench.foreignToken("bob")
        let stored: JSON = ["name": "own", "workflow": Self.picture]
        let own = await bench.send(.post, "/v1/workflows", stored, token: ada).json?["id"]?.string
        let others = await bench.send(.post, "/v1/workflows", stored, token: bob).json?["id"]?.string
        let made = await bench.send(
            .post, "/v1/generate/batch",
            [
                "items": [
                    ["prompt": "p"], ["workflow": Self.picture, "priority": "high"],
                    ["template": .string(try #require(own))],
                    ["template": "txt2img", "parameters": ["prompt": "p", "batch_size": 2]],
                    ["workflow": ["1": ["class_type": "EmptyImage", "inputs": ["width": "../"]]]],
                    ["template": .string(try #require(others))], ["template": "txt2img"],
                    ["template": "nobodys"], ["workflow": Self.picture, "prompt": "p"],
                ]
            ], token: ada)
        #expect(made.status == 202)
        let items = try #require(made.json?["items"]?.array)
        #expect(
            items.map { $0["error"]?["code"]?.string } == [
                nil, nil, nil, nil, "INVALID_WORKFLOW", "NOT_FOUND", "VALIDATION_ERROR", "NOT_FOUND",
                "VALIDATION_ERROR",
            ])
        #expect(items[6]["error"]?["details"]?["errors"]?[0]?["field"] == "parameters.prompt")
        #expect(items[8]["error"]?["details"]?["errors"]?[0]?["code"] == "unknown_field")
        #expect(
            await bench.send(.get, "/v1/usage", token: ada).json?["images"]
                == ["used": 9, "limit": 10, "remaining": 1])
        var jobs: [JSON] = []
        for id in try Self.jobs(made) {
            jobs.append(try #require(await bench.send(.get, "/v1/jobs/\(id)", token: ada).json))
        }
        #expect(jobs.map { $0["template"]?["id"]?.string } == ["txt2img", nil, own, "txt2img"])
        #expect(jobs.map { $0["priority"] } == [5, 8, 5, 5])
        let graph = try await bench.services.documents.workflow(try Self.jobs(made)[1])
        #expect(graph?["1"]?.inputs["batch_size"] == 3)
    }

    @Test func whatIsWrongWithEveryItemIsToldByItsPlace() async throws {
        let stack = try await LocalStack.start()
        let refused = await stack.bench.post(
            "/v1/generate/batch",
            #"""
            {"items": [{"template": "upscale"}, {"template": "019a0000-1234-7abc-8def-0123456789ab"},
            {"workflow": {"1": {"class_type": "SaveImage", "inputs": {"filename_prefix": "../x", "images": ["9", 0]}}}}]}
            """#)
        #expect(refused.status == 400)
        let faults = try #require(refused.json?["error"]?["details"]?["errors"]?.array)
        let told = faults.map { "\($0["field"]?.string ?? "") \($0["code"]?.string ?? "")" }
        #expect(told.prefix(2) == ["items.0.parameters.image required", "items.1 not_found"])
        #expect(told.contains("items.2.1.filename_prefix climbing_path"))
        #expect(try await stack.remains() == .init())
    }

    @Test func theSameKeyIsTheSameBatchAndMakesWhatIsMissing() async throws {
        let stack = try await LocalStack.start()
        func send(_ body: JSON) async -> APIBench.Answer {
            await stack.bench.post("/v1/generate/batch", body.text, headers: ["Idempotency-Key": "k"])
        }
        let first = await send(Self.mixed)
        let jobs = try Self.jobs(first)
        #expect(jobs.count == 2)
        #expect(await send(Self.mixed).json == first.json)
        #expect(await stack.bench.get("/v1/jobs").json?["jobs"]?.array?.count == 2)
        // As if the first request had died before its second job.
        let store = stack.services.store
        try await store.dynamoDB.delete(JobItem.key(jobs[1]), from: store.table)
        let path = try #require(first.headers["Location"])
        #expect(await stack.bench.get(path).json?["counts"]?["missing"] == 1)
        let again = await send(Self.mixed)
        #expect(try Self.jobs(again) == jobs)
        #expect(again.json?["counts"] == first.json?["counts"])
        #expect(try await store.job(jobs[1])?.state == .queued)
        #expect(await send(["items": [["prompt": "other"]]]).status == 422)
    }

    @Test func itsStateIsWhatItsJobsAddUpTo() async throws {
        let stack = try await LocalStack.start()
        let made = await stack.bench.post(
            "/v1/generate/batch", #"{"items": [{"prompt": "a"}, {"prompt": "b"}, {"prompt": "c"}]}"#)
        let path = try #require(made.headers["Location"])
        let jobs = try Self.jobs(made)
        #expect(await stack.bench.get(path).json?["status"] == "queued")
        try await stack.complete(jobs[0], [])
        #expect(await stack.bench.get(path).json?["status"] == "running")
        _ = try await stack.claim(jobs[1])
        // The one that waits ends at once, the one that runs when its worker has let go of it.
        let cancelled = await stack.bench.post("\(path)/cancel")
        #expect(cancelled.status == 202)
        #expect(
            cancelled.json?["items"]?.array?.map { $0["status"] } == ["completed", "running", "cancelled"])
        #expect(try await stack.services.store.job(jobs[1])?.cancelRequestedAt != nil)
        _ = try await stack.services.store.applyLatest(.cancelled, to: jobs[1], heldBy: "t")
        let ended = await stack.bench.post("\(path)/cancel")
        #expect(ended.status == 200)
        #expect(ended.json?["status"] == "cancelled")
        #expect(ended.json?["counts"]?["completed"] == 1)
        #expect(await stack.bench.get("/v1/batches/\(jobs[0])").status == 404)
    }

    @Test func theJobsOfABatchAreKnownByIt() throws {
        let batch = try #require(UUID("019a0000-1234-7abc-8def-0123456789ab"))
        let ids = (0..<BatchRecord.maximumItems).map { BatchRecord.jobID(batch, item: $0).uuid }
        #expect(Set(ids).count == ids.count)
        #expect(ids.map { "\($0)" } == ids.map { "\($0)" }.sorted())
        for id in ids {
            #expect("\(id)".hasPrefix("019a0000-1234-70"))
            #expect(["8", "9", "a", "b"].contains("\(id)".dropFirst(19).prefix(1)))
        }
    }
}
