import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing

@testable import Handlers

/// Stored workflows from their definition to the job that one makes.
@Suite(.timeLimit(.minutes(1)))
struct TemplateRoutesTests {
    /// A square of `size` pixels, as the contract's example has it.
    private static func square(_ name: String = "Plain", visibility: String = "private") throws -> JSON.Object
    {
        var body = try #require(RouteDescription.createTemplate.bodyExamples.first?.body.object)
        body["name"] = .string(name)
        body["visibility"] = .string(visibility)
        return body
    }

    private static func create(_ bench: AccessBench, _ body: JSON.Object, _ token: String) async throws
        -> String
    {
        let answer = await bench.send(.post, "/v1/workflows", .object(body), token: token)
        #expect(answer.status == 201)
        let id = try #require(answer.json?["id"]?.string)
        #expect(answer.headers["Location"] == "/v1/workflows/\(id)")
        return id
    }

    @Test func aStoredWorkflowBecomesAJob() async throws {
        let bench = try await AccessBench.start()
        let ada = bench.foreignToken("ada", tier: "pro")
        let id = try await Self.create(bench, try Self.square(), ada)
        let shown = try #require(await bench.send(.get, "/v1/workflows/\(id)", token: ada).json)
        #expect(shown["version"] == 1)
        #expect(shown["source"] == "own")
        #expect(shown["workflow"]?["1"]?["inputs"]?["width"] == "{{size}}")

        let made = await bench.send(
            .post, "/v1/workflows/\(id)/execute",
            ["parameters": ["size": 128, "color": 255], "priority": "high"], token: ada)
        #expect(made.status == 202)
        #expect(made.json?["priority"] == 8)
        #expect(made.json?["template"] == ["id": .string(id), "version": 1])
        let job = try #require((made.json?["job_id"]?.string).flatMap { Job.ID($0) })
        let graph = try #require(try await bench.services.documents.workflow(job))
        #expect(
            graph["1"]?.inputs == ["width": 128, "height": 128, "batch_size": 1, "color": 255])
        #expect(graph["2"]?.inputs["filename_prefix"] == "plain-128")
        #expect(try await bench.services.store.job(job)?.primaryNode == "2")
    }

    @Test func whatAValueMayNotBeIsToldByItsName() async throws {
        let bench = try await AccessBench.start()
        let ada = bench.foreignToken("ada", tier: "pro")
        let id = try await Self.create(bench, try Self.square(), ada)
        func faults(_ body: JSON) async -> [String] {
            let answer = await bench.send(.post, "/v1/workflows/\(id)/execute", body, token: ada)
            #expect(answer.status == 400)
            return (answer.json?["error"]?["details"]?["errors"]?.array ?? []).map {
                "\($0["field"]?.string ?? "-") \($0["code"]?.string ?? "-")"
            }
        }
        #expect(
            await faults(["parameters": ["size": 65, "colour": 1], "prioritty": 1])
                == [
                    "parameters.size not_a_multiple", "parameters.color required",
                    "parameters.colour unknown_field", "prioritty unknown_field",
                ])
        // Neither a link nor a node.
        #expect(await faults(["parameters": ["color": ["2", 0]]]) == ["parameters.color wrong_type"])
        // The rules hold for what comes of the values.
        var large = try Self.square()
        large["parameters"] = ["size": ["type": "integer"], "color": ["type": "integer", "default": 0]]
        large["workflow"] = [
            "1": [
                "class_type": "EmptyImage",
                "inputs": ["width": "{{size}}", "height": 8, "batch_size": 1, "color": "{{color}}"],
            ],
            "2": ["class_type": "SaveImage", "inputs": ["images": ["1", 0], "filename_prefix": "x"]],
        ]
        let second = try await Self.create(bench, large, ada)
        let refused = await bench.send(
            .post, "/v1/workflows/\(second)/execute", ["parameters": ["size": 1_000_000]], token: ada)
        #expect(refused.faults == ["too_many_pixels"])
        #expect(
            refused.json?["error"]?["details"]?["errors"]?[0]?["field"] == "parameters.size")
    }

    @Test func aFaultyWorkflowIsNotStored() async throws {
        let bench = try await AccessBench.start()
        let ada = bench.foreignToken("ada", tier: "pro")
        var body = try Self.square()
        body["node_id"] = "1"
        #expect(
            await bench.send(.post, "/v1/workflows", .object(body), token: ada).faults == ["not_an_output"])
        body = try Self.square()
        body["workflow"] = ["1": ["class_type": "LoadImageOutput", "inputs": ["image": "{{size}}{{color}}"]]]
        body["parameters"] = ["size": ["type": "integer"], "color": ["type": "integer"]]
        let refused = await bench.send(.post, "/v1/workflows", .object(body), token: ada)
        #expect(refused.code == "INVALID_WORKFLOW")
        #expect(refused.faults.contains("node_not_allowed"))
        #expect(await bench.send(.get, "/v1/workflows", token: ada).json?["workflows"] == [])
    }

    @Test func eachChangeIsAVersion() async throws {
        let bench = try await AccessBench.start()
        let ada = bench.foreignToken("ada", tier: "pro")
        let id = try await Self.create(bench, try Self.square("first"), ada)
        for number in 2...22 {
            let answer = await bench.send(
                .put, "/v1/workflows/\(id)", .object(try Self.square("number \(number)")), token: ada)
            #expect(answer.json?["version"] == .number(number))
        }
        func name(_ version: String) async -> JSON? {
            await bench.send(.get, "/v1/workflows/\(id)", token: ada, query: [("version", version)])
                .json?["name"]
        }
        #expect(await name("22") == "number 22")
        #expect(await name("3") == "number 3")
        // The last twenty are kept.
        #expect(await name("2") == nil)
        #expect(await name("23") == nil)
        let old = await bench.send(
            .post, "/v1/workflows/\(id)/execute", ["parameters": ["color": 1], "version": 3], token: ada)
        #expect(old.status == 202)
        #expect(
            await bench.send(
                .post, "/v1/workflows/\(id)/execute", ["parameters": ["color": 1], "version": 2], token: ada
            ).status == 404)
    }

    @Test func ofTwoChangesAtOnceOneHolds() async throws {
        let stack = try await LocalStack.start()
        let store = TemplateStore(
            stack.services.store.dynamoDB, table: stack.services.configuration.table)
        func definition(_ name: String) throws -> TemplateDefinition {
            var reader = FieldReader(try Self.square(name))
            return try TemplateDefinition.read(&reader)
        }
        let first = try definition("first")
        let record = TemplateRecord(first, owner: "u-ada", at: stack.services.now)
        try await store.create(record, try #require(TemplateStore.pack(first)))
        func change(_ name: String) async throws -> Bool {
            let definition = try definition(name)
            return try await store.replace(
                record, with: record.replaced(by: definition, at: stack.services.now),
                try #require(TemplateStore.pack(definition)))
        }
        #expect(try await change("second"))
        #expect(try await !change("third"))
        let now = try #require(try await store.record(record.id, for: "u-ada"))
        #expect(try await store.definition(2, of: now)?.name == "second")
        // What the other one wrote is gone; a deletion leaves nothing.
        #expect(try await stack.remains().items == 3)
        try await store.deleteAll(of: "u-ada")
        #expect(try await stack.remains().items == 0)
    }

    @Test func whatIsPublicIsEverybodysToRunAndNobodyElsesToChange() async throws {
        let bench = try await AccessBench.start()
        let ada = bench.foreignToken("ada", tier: "pro")
        let bob = bench.foreignToken("bob", tier: "pro")
        let id = try await Self.create(bench, try Self.square("private first"), ada)
        let path = "/v1/workflows/\(id)"
        #expect(await bench.send(.get, path, token: bob).status == 404)
        let shared = try Self.square("shared", visibility: "public")
        #expect(await bench.send(.put, path, .object(shared), token: ada).status == 200)

        let seen = await bench.send(.get, path, token: bob)
        #expect(seen.json?["source"] == "shared")
        #expect(
            !String(decoding: seen.body, as: UTF8.self).contains(
                User(issuer: TokenWorkshop.issuer, subject: "ada").id))
        let list = await bench.send(.get, "/v1/workflows", token: bob, query: [("source", "shared")])
        #expect(list.json?["workflows"]?.array?.compactMap { $0["name"]?.string } == ["shared"])
        // What it was before is its owner's business.
        #expect(await bench.send(.get, path, token: bob, query: [("version", "1")]).status == 404)
        #expect(await bench.send(.get, path, token: ada, query: [("version", "1")]).status == 200)
        let run: JSON = ["parameters": ["color": 7]]
        let made = await bench.send(.post, "\(path)/execute", run, token: bob)
        #expect(made.status == 202)
        let job = try #require(made.json?["job_id"]?.string)
        #expect(await bench.send(.get, "/v1/jobs/\(job)", token: bob).status == 200)
        #expect(await bench.send(.get, "/v1/jobs/\(job)", token: ada).status == 404)
        #expect(await bench.send(.put, path, .object(shared), token: bob).status == 403)
        #expect(await bench.send(.delete, path, token: bob).status == 403)

        #expect(await bench.send(.put, path, .object(try Self.square()), token: ada).status == 200)
        #expect(await bench.send(.post, "\(path)/execute", run, token: bob).status == 404)
        #expect(await bench.send(.delete, path, token: ada).status == 204)
        #expect(await bench.send(.get, path, token: ada).status == 404)
        #expect(await bench.send(.delete, path, token: ada).status == 404)
    }

    @Test func theBuiltInOnesAreThereForEverybody() async throws {
        let stack = try await LocalStack.start()
        let list = await stack.bench.get("/v1/workflows", query: [("source", "built_in")])
        #expect(
            list.json?["workflows"]?.array?.compactMap { $0["id"]?.string }
                == ["txt2img", "img2img", "inpaint", "upscale", "controlnet"])
        #expect(await stack.bench.get("/v1/workflows/txt2img").json?["source"] == "built_in")
        #expect(await stack.bench.send(.init(.delete, "/v1/workflows/txt2img")).status == 403)
        // The same workflow as generate's, and as much of a seed.
        let made = await stack.bench.post(
            "/v1/workflows/txt2img/execute",
            #"{"parameters": {"prompt": "p", "sampler": "DPM++ 2M Karras", "cfg_scale": 7.0}}"#)
        let plain = await stack.bench.post(
            "/v1/generate", #"{"prompt": "p", "sampler": "DPM++ 2M Karras"}"#)
        for answer in [made, plain] {
            #expect(answer.json?["template"] == ["id": "txt2img", "version": 1])
        }
        func graph(_ answer: APIBench.Answer) async throws -> JSON {
            let id = try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
            var graph = try #require(try await stack.services.documents.workflow(id))
            let seed = try #require(graph["sampler"]?.inputs["seed"])
            #expect(answer.json?["seed"] == seed)
            #expect(seed == .number(JobDraft.seed(for: id)))
            graph["sampler"]?.inputs["seed"] = 0
            return graph.json
        }
        #expect(try await graph(made) == graph(plain))
    }

    @Test func theSameKeyIsTheSameJobOfTheSameWorkflow() async throws {
        let stack = try await LocalStack.start()
        let body = #"{"parameters": {"prompt": "p"}}"#
        func run(_ id: String) async -> APIBench.Answer {
            await stack.bench.post(
                "/v1/workflows/\(id)/execute", body, headers: ["Idempotency-Key": "k"])
        }
        let first = await run("txt2img")
        let second = await run("txt2img")
        #expect(first.status == 202)
        #expect(first.json?["job_id"] == second.json?["job_id"])
        let copy = await stack.bench.post(
            "/v1/workflows", JSON.object(BuiltInTemplates.textToImage.json).text)
        let id = try #require(copy.json?["id"]?.string)
        #expect(await run(id).status == 422)
    }

    @Test func aKeysScopesHold() async throws {
        let bench = try await AccessBench.start()
        let ada = try await bench.register()
        let writes = try await bench.makeKey(ada.access, ["scopes": ["templates"]]).text
        let runs = try await bench.makeKey(ada.access, ["scopes": ["jobs:write"]]).text
        let made = await bench.send(.post, "/v1/workflows", .object(try Self.square()), key: writes)
        let id = try #require(made.json?["id"]?.string)
        let run: JSON = ["parameters": ["color": 7]]
        #expect(await bench.send(.post, "/v1/workflows/\(id)/execute", run, key: writes).status == 403)
        #expect(await bench.send(.post, "/v1/workflows/\(id)/execute", run, key: runs).status == 202)
        #expect(await bench.send(.get, "/v1/workflows/\(id)", key: runs).status == 403)
    }

    @Test func listsAreReadInPages() async throws {
        let bench = try await AccessBench.start()
        let ada = bench.foreignToken("ada", tier: "pro")
        for number in 1...3 { _ = try await Self.create(bench, try Self.square("\(number)"), ada) }
        let first = await bench.send(.get, "/v1/workflows", token: ada, query: [("limit", "2")])
        #expect(first.json?["workflows"]?.array?.compactMap { $0["name"]?.string } == ["1", "2"])
        let cursor = try #require(first.json?["next_cursor"]?.string)
        let second = await bench.send(
            .get, "/v1/workflows", token: ada, query: [("limit", "2"), ("cursor", cursor)])
        #expect(second.json?["workflows"]?.array?.compactMap { $0["name"]?.string } == ["3"])
        #expect(second.json?["next_cursor"] == .null)
    }
}
