import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

/// A deployment whose workers are stand-ins of its own.
struct DispatchBench: Sendable {
    let standIns: [StandIn]
    let deployment: Deployment
    let dispatcher: Dispatcher
    var standIn: StandIn { standIns[0] }
    var store: JobStore { deployment.services.store }

    /// One worker.
    init(_ standInArguments: [String] = [], _ changes: [String: String] = [:]) async throws {
        try await self.init(workers: [standInArguments], changes)
    }

    /// A worker for each list of a stand-in's options.
    init(workers: [[String]], _ changes: [String: String] = [:]) async throws {
        var standIns: [StandIn] = []
        for arguments in workers { standIns.append(try await StandIn(["--step-ms", "1"] + arguments)) }
        self.standIns = standIns
        var environment = [
            "COMFYUI_URLS": standIns.map(\.address).joined(separator: ","), "HEARTBEAT_SECONDS": "1",
            "HANDOFF_MARGIN_SECONDS": "1", "WORKER_PATIENCE_SECONDS": "2",
        ]
        environment.merge(changes) { $1 }
        deployment = try await Deployment.make(on: testLoop, environment)
        dispatcher = Dispatcher(services: deployment.services)
    }

    @discardableResult
    func dispatch(
        resumes: [Job.ID] = [], hint: Job.ID? = nil, time: Duration = .seconds(60)
    ) async throws -> [Job.ID] {
        let (dispatcher, deadline) = (dispatcher, Timestamp.now + time)
        return try await testLoop.task {
            try await dispatcher.dispatch(resumes: resumes, hint: hint, until: deadline)
        }.value
    }

    func job(_ id: Job.ID) async throws -> Job { try #require(try await store.job(id)) }

    /// Dispatches until the job has ended: a retried one waits a moment first.
    func dispatchToTheEnd(_ id: Job.ID) async throws -> Job {
        for _ in 0..<20 {
            try await dispatch(hint: id)
            let job = try await job(id)
            if job.state.isFinal { return job }
            let wait = job.notBefore.map { $0 - deployment.services.now } ?? .milliseconds(200)
            try await testLoop.sleep(for: max(.milliseconds(50), wait))
        }
        throw TestFailure("the job did not end")
    }

    /// Waits for the prompt to be on the worker.
    func untilSubmitted(_ id: Job.ID) async throws {
        try await until("the prompt runs") {
            guard let prompt = try await job(id).run?.promptID else { return false }
            return try await client.queue().running.contains(prompt)
        }
    }

    /// Asks again and again, for a minute at most.
    func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
        for _ in 0..<1200 {
            if try await isSo() { return }
            try await testLoop.sleep(for: .milliseconds(50))
        }
        throw TestFailure("not seen: \(what)")
    }

    /// The events announced on the topic, by job.
    func announced() async throws -> [String] {
        try await deployment.drain(deployment.completions).compactMap {
            try JSON(parsing: NotifyHandler.message(inQueueBody: $0))["event"]?.string
        }
    }

    /// Of the first worker.
    var client: ComfyUIClient {
        get throws {
            ComfyUIClient(
                http: deployment.services.http, address: try #require(URL(standIn.address)))
        }
    }

    /// The first worker's log of runs; its stand-in needs `--control`.
    func runs() async throws -> [JSON] {
        let runs = try #require(URL(standIn.address + "/standin/runs"))
        return try JSON(parsing: try await deployment.services.http.send(.init(.get, runs)).body).array ?? []
    }

    /// Twenty steps of sampling, on the stand-in's clock.
    static let slow: JSON = [
        "1": [
            "class_type": "CheckpointLoaderSimple",
            "inputs": ["ckpt_name": "sd_xl_base_1.0.safetensors"],
        ],
        "2": ["class_type": "CLIPTextEncode", "inputs": ["text": "a lighthouse", "clip": ["1", 1]]],
        "3": ["class_type": "EmptyLatentImage", "inputs": ["width": 64, "height": 64, "batch_size": 1]],
        "4": [
            "class_type": "KSampler",
            "inputs": [
                "seed": 7, "steps": 20, "cfg": 7, "sampler_name": "euler", "scheduler": "normal",
                "denoise": 1, "model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0],
                "latent_image": ["3", 0],
            ],
        ],
        "5": ["class_type": "VAEDecode", "inputs": ["samples": ["4", 0], "vae": ["1", 2]]],
        "6": ["class_type": "SaveImage", "inputs": ["images": ["5", 0], "filename_prefix": "test"]],
    ]
}
