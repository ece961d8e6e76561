import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

/// An API, a dispatcher, a sweeper and some stand-ins, for jobs that are run in parts.
struct ParallelBench {
    let standIns: [StandIn]
    let deployment: Deployment
    let api: APIBench
    let dispatcher: Dispatcher
    var store: JobStore { deployment.services.store }

    /// One stand-in for each list of arguments.
    init(_ workers: [[String]] = [], _ changes: [String: String] = [:]) async throws {
        var standIns: [StandIn] = []
        for arguments in workers {
            standIns.append(try await StandIn(["--step-ms", "1", "--control"] + arguments))
        }
        self.standIns = standIns
        var environment = [
            "COMFYUI_URLS": standIns.map(\.address).joined(separator: ","), "HEARTBEAT_SECONDS": "1",
            "HANDOFF_MARGIN_SECONDS": "1", "WORKER_PATIENCE_SECONDS": "2",
        ]
        environment.merge(changes) { $1 }
        deployment = try await Deployment.make(on: testLoop, environment)
        api = APIBench(deployment.services)
        dispatcher = Dispatcher(services: deployment.services)
    }

    /// Submits a workflow to be run in parts.
    func submit(_ workflow: JSON, _ fields: JSON.Object = [:]) async throws -> Job.ID {
        var body: JSON.Object = ["workflow": workflow, "execution_mode": "parallel"]
        for (name, value) in fields { body[name] = value }
        let answer = await api.post("/v1/workflows/execute", JSON.object(body).text)
        #expect(answer.status == 202)
        return try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
    }

    func job(_ id: Job.ID) async throws -> Job { try #require(try await store.job(id)) }

    func part(_ number: Int, of id: Job.ID) async throws -> Job {
        try await job(Job.ID(id.uuid, part: number))
    }

    /// Dispatches until the job has ended.
    func dispatchToTheEnd(_ id: Job.ID) async throws -> Job {
        for _ in 0..<40 {
            let (dispatcher, deadline) = (dispatcher, Timestamp.now + .seconds(60))
            _ = try await testLoop.task {
                try await dispatcher.dispatch(resumes: [], hint: nil, until: deadline)
            }.value
            let job = try await job(id)
            if job.state.isFinal { return job }
            try await testLoop.sleep(for: .milliseconds(200))
        }
        throw TestFailure("the job did not end")
    }

    /// As if the time of everything open had come, then a sweep.
    @discardableResult
    func sweep(_ id: Job.ID) async throws -> Sweeper.Findings {
        let family = try #require(try await deployment.services.documents.family(id))
        for job in [family.job] + family.parts where job.dueAt != nil {
            try await deployment.dynamoDB.update(
                JobItem.key(job.id), in: store.table,
                [.set("open_sk", .s(JobItem.sortable(deployment.services.now - .seconds(1))))])
        }
        let sweeper = Sweeper(
            services: deployment.services, slots: dispatcher.slots, announcer: dispatcher.runner.announcer)
        return try await sweeper.sweep(until: .now + .seconds(30))
    }

    /// Claims a part and begins its run, as a dispatcher would.
    @discardableResult
    func start(_ number: Int, of id: Job.ID) async throws -> Job {
        let part = Job.ID(id.uuid, part: number)
        let run = Job.Run(token: "t-\(number)", worker: "w-\(number)", slot: 0)
        _ = try await store.applyLatest(.claimed(run), to: part)
        let outcome = try await store.applyLatest(
            .submitted(promptID: "p-\(number)", clientID: "c"), to: part, heldBy: "t-\(number)")
        guard case .done(let job) = outcome else { throw TestFailure("the part did not start") }
        return job
    }

    /// Ends a part that runs, and dies before its job knows.
    func end(_ number: Int, of id: Job.ID, _ event: JobEvent) async throws {
        let outcome = try await store.applyLatest(
            event, to: Job.ID(id.uuid, part: number), heldBy: "t-\(number)")
        guard case .done = outcome else { throw TestFailure("the part did not end") }
    }

    /// The events announced on the topic since the last look.
    func announced() async throws -> [String] {
        try await deployment.drain(deployment.completions).compactMap {
            let message = try JSON(parsing: NotifyHandler.message(inQueueBody: $0))
            return message["event"]?.string
        }
    }

    /// What a stand-in logged of its runs.
    func runs(_ standIn: StandIn) async throws -> [JSON] {
        let address = try #require(URL(standIn.address + "/standin/runs"))
        let answer = try await deployment.services.http.send(.init(.get, address))
        return try JSON(parsing: answer.body).array ?? []
    }

    /// As many pictures that share no node; the last nodes are `save0`, `save1` …
    static func pictures(_ count: Int, steps: Int = 4) -> JSON {
        var nodes = JSON.Object()
        for number in 0..<count {
            func name(_ node: String) -> String { "\(node)\(number)" }
            func link(_ node: String, _ output: Int) -> JSON { [.string(name(node)), .number(output)] }
            nodes[name("load")] = [
                "class_type": "CheckpointLoaderSimple",
                "inputs": ["ckpt_name": "sd_xl_base_1.0.safetensors"],
            ]
            nodes[name("text")] = [
                "class_type": "CLIPTextEncode",
                "inputs": ["text": .string("lighthouse \(number)"), "clip": link("load", 1)],
            ]
            nodes[name("latent")] = [
                "class_type": "EmptyLatentImage",
                "inputs": ["width": 64, "height": 64, "batch_size": 1],
            ]
            nodes[name("sample")] = [
                "class_type": "KSampler",
                "inputs": [
                    "seed": .number(number), "steps": .number(steps), "cfg": 7, "sampler_name": "euler",
                    "scheduler": "normal", "denoise": 1, "model": link("load", 0),
                    "positive": link("text", 0), "negative": link("text", 0),
                    "latent_image": link("latent", 0),
                ],
            ]
            nodes[name("decode")] = [
                "class_type": "VAEDecode",
                "inputs": ["samples": link("sample", 0), "vae": link("load", 2)],
            ]
            nodes[name("save")] = [
                "class_type": "SaveImage",
                "inputs": ["images": link("decode", 0), "filename_prefix": "same"],
            ]
        }
        return .object(nodes)
    }
}
