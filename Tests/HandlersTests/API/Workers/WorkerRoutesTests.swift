import AWSClients
import ComfyUI
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import Handlers

/// What the API tells of the workers, from what the sweep wrote down.
@Suite(.timeLimit(.minutes(1)))
struct WorkerRoutesTests {
    private static func models(_ folders: [String: [String]]) -> WorkerModels {
        var models = WorkerModels()
        for (folder, names) in folders { models.add(names, to: folder) }
        return models
    }

    /// Two workers that have answered, and one that has not for long.
    private static func record(_ services: Services) async throws -> [Worker] {
        let registry = WorkerRegistry(services: services)
        let workers = try ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map { host in
            Worker(address: try #require(URL("http://\(host):8188")))
        }
        let stats: JSON = [
            "system": ["comfyui_version": "0.33.0", "ram_total": 64, "ram_free": 32],
            "devices": [["name": "cuda:0", "vram_total": 24, "vram_free": -1]],
        ]
        for worker in workers {
            try await registry.recordSuccess(
                of: worker, queueLength: 2, report: WorkerReport(systemStats: stats), at: services.now)
        }
        try await registry.record(
            models(["checkpoints": ["a.safetensors"], "loras": ["l"], "configs": ["secret.yaml"]]),
            of: workers[0])
        try await registry.record(
            models(["checkpoints": ["a.safetensors", "b.safetensors"], "vae": []]), of: workers[1])
        try await registry.record(models(["checkpoints": ["c.safetensors"]]), of: workers[2])
        try await registry.recordFailure(of: workers[2], count: Worker.patience, at: services.now)
        return workers
    }

    @Test func modelsAreThoseOfTheWorkersThatTakeJobs() async throws {
        let stack = try await LocalStack.start()
        #expect(await stack.bench.get("/v1/models").json == ["folders": [], "workers": 0])
        let workers = try await Self.record(stack.services)
        #expect(
            await stack.bench.get("/v1/models").json
                == [
                    "folders": [
                        ["folder": "checkpoints", "models": 2], ["folder": "loras", "models": 1],
                        ["folder": "vae", "models": 0],
                    ], "workers": 2,
                ])
        let both = [workers[0].id, workers[1].id].sorted().map { JSON.string($0) }
        #expect(
            await stack.bench.get("/v1/models/checkpoints").json
                == [
                    "folder": "checkpoints",
                    "models": [
                        ["name": "a.safetensors", "workers": .array(both)],
                        ["name": "b.safetensors", "workers": [.string(workers[1].id)]],
                    ],
                ])
        #expect(await stack.bench.get("/v1/models/vae").json == ["folder": "vae", "models": []])
        #expect(await stack.bench.get("/v1/models/configs").status == 404)
        #expect(await stack.bench.get("/v1/models/nothing").status == 404)
    }

    @Test func workersAreShownWithoutAddressesAndTheirStateToAdministratorsAlone() async throws {
        let bench = try await AccessBench.start()
        let workers = try await Self.record(bench.services)
        let ada = bench.foreignToken("ada")
        let answer = await bench.send(.get, "/v1/workers", token: ada)
        #expect(answer.status == 200)
        #expect(!String(decoding: answer.body, as: UTF8.self).contains("10.0.0"))
        let seen = try #require(answer.json?["workers"]?.array)
        #expect(Set(seen.compactMap { $0["worker"]?.string }) == Set(workers.map(\.id)))
        #expect(seen.allSatisfy { $0["details"] == .null })
        #expect(seen.first { $0["worker"]?.string == workers[2].id }?["status"] == "dead")

        let admin = bench.foreignToken("root", tier: "admin")
        let known = try #require(
            await bench.send(.get, "/v1/workers", token: admin).json?["workers"]?.array)
        let second = try #require(known.first { $0["worker"]?.string == workers[1].id })
        #expect(second["status"] == "ready")
        #expect(second["checkpoints"] == ["a.safetensors", "b.safetensors"])
        #expect(second["prompts"] == 2)
        #expect(second["details"]?["version"] == "0.33.0")
        #expect(second["details"]?["ram"] == ["total": 64, "free": 32])
        #expect(
            second["details"]?["devices"] == [["name": "cuda:0", "vram": ["total": 24, "free": nil]]])
    }

    @Test func aDrainedWorkerGetsNoJobsUntilItIsGivenSomeAgain() async throws {
        let bench = try await AccessBench.start()
        let workers = try await Self.record(bench.services)
        let admin = bench.foreignToken("root", tier: "admin")
        let registry = WorkerRegistry(services: bench.services)
        func usable() async throws -> Set<String> {
            Set(
                try await registry.recorded().filter { $0.isUsable(at: bench.services.now) }.map(\.id))
        }
        #expect(try await usable() == [workers[0].id, workers[1].id])
        let path = "/v1/admin/workers/\(workers[1].id)"
        #expect(await bench.send(.post, "\(path)/drain", token: bench.foreignToken("ada")).status == 403)
        let drained = await bench.send(.post, "\(path)/drain", token: admin)
        #expect(drained.json?["status"] == "draining")
        #expect(try await usable() == [workers[0].id])
        #expect(try await registry.isDraining(workers[1]))
        // The sweep goes on to see that it is well; that makes no difference.
        try await registry.recordSuccess(of: workers[1], at: bench.services.now)
        #expect(try await usable() == [workers[0].id])
        // A repeat changes nothing.
        let again = await bench.send(.post, "\(path)/drain", token: admin)
        #expect(
            again.json?["details"]?["draining_since"] == drained.json?["details"]?["draining_since"])
        #expect(await bench.send(.post, "\(path)/undrain", token: admin).json?["status"] == "ready")
        #expect(try await usable() == [workers[0].id, workers[1].id])
        #expect(
            await bench.send(.post, "/v1/admin/workers/w-000000000000/drain", token: admin).status == 404)
        #expect(try await registry.recorded().count == 3)
    }

    @Test func theQueueIsAsTheSweepCountedIt() async throws {
        let stack = try await LocalStack.start()
        let before = try #require(await stack.bench.get("/v1/queue").json)
        #expect(before["queued"] == .null)
        #expect(before["counted_at"] == .null)
        _ = try await Self.record(stack.services)
        _ = try await stack.submit()
        let running = try await stack.submit()
        _ = try await stack.claim(running)
        try await Backlog(queued: 7, running: 3, oldestAge: .seconds(61)).record(stack.services.store)
        let after = try #require(await stack.bench.get("/v1/queue").json)
        #expect(after["queued"] == 7)
        #expect(after["running"] == 3)
        #expect(after["oldest_queued_seconds"] == 61)
        #expect(after["yours"] == ["queued": 1, "running": 1])
        #expect(after["workers"] == 2)
        #expect(after["slots"] == 2)
    }
}

/// Workers with different models, from the sweep's probe to the end of the jobs.
@Suite(.timeLimit(.minutes(1)))
struct ModelPlacementTests {
    @Test func jobsGoToTheWorkerThatHasTheirModelAndNowhereElse() async throws {
        let bench = try await DispatchBench(
            workers: [
                ["--checkpoint", "sd15.safetensors"],
                ["--checkpoint", "sdxl.safetensors", "--checkpoint", "sdxl-turbo.safetensors"],
            ])
        let services = bench.deployment.services
        let probe = WorkerProbe(
            services: services, registry: bench.dispatcher.registry, slots: bench.dispatcher.slots)
        let alive = try await testLoop.task { try await probe.refresh(until: .now + .seconds(30)).alive }
            .value
        #expect(alive == 2)
        let api = APIHandler(services: services)
        func submit(_ model: String) async -> APIBench.Answer {
            let response = await api.respond(
                to: HTTPRequest(
                    .post, "/v1/generate",
                    body: (["prompt": "p", "steps": 1, "model": .string(model)] as JSON).serialized()),
                InvocationContext(requestID: "r", deadline: services.now + .seconds(30)))
            return APIBench.Answer(status: response.status, headers: response.headers, body: response.body)
        }
        // Nobody has it: refused at once, with what comes nearest.
        let refused = await submit("sdxl_turbo.safetensors")
        #expect(refused.status == 400)
        #expect(
            refused.json?["error"]?["message"]?.string
                == "No worker has the model 'sdxl_turbo.safetensors'; the nearest names are "
                + "'sdxl-turbo.safetensors', 'sdxl.safetensors', 'sd15.safetensors'.")
        #expect(refused.json?["error"]?["details"]?["errors"]?[0]?["field"] == "model")

        let workers = services.configuration.workers
        for (model, worker) in [("sd15.safetensors", workers[0]), ("sdxl.safetensors", workers[1])] {
            for _ in 0..<3 {
                let answer = await submit(model)
                #expect(answer.status == 202)
                let id = try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
                try await bench.dispatch(hint: id)
                let job = try await bench.job(id)
                #expect(job.state == .completed)
                #expect(job.attempts.map(\.worker) == [worker.id])
            }
        }
        // The one that has it is away: its job waits rather than fail elsewhere.
        try await bench.dispatcher.registry.recordFailure(
            of: workers[0], count: Worker.patience, at: services.now)
        let queued = try await bench.deployment.submit(workflow: DispatchBench.slow)
        try await bench.deployment.dynamoDB.update(
            JobItem.key(queued.id), in: bench.store.table, [.set("checkpoint", .s("sd15.safetensors"))])
        try await bench.dispatch(hint: queued.id, time: .seconds(5))
        #expect(try await bench.job(queued.id).state == .queued)
    }
}
