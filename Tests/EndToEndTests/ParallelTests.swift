import Glibc
import HTTP
import JSON
import TestSupport
import Testing

/// The parts of one job on two workers, through the real programs.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ParallelTests {
    /// Two pictures that share no node.
    private static func request(steps: Int) -> String {
        var nodes: JSON.Object = [:]
        for part in ["a", "b"] {
            func link(_ node: String, _ output: Int) -> JSON { [.string(node + part), .number(output)] }
            nodes["load" + part] = [
                "class_type": "CheckpointLoaderSimple",
                "inputs": ["ckpt_name": "sd_xl_base_1.0.safetensors"],
            ]
            nodes["text" + part] = [
                "class_type": "CLIPTextEncode",
                "inputs": ["text": .string("lighthouse \(part)"), "clip": link("load", 1)],
            ]
            nodes["latent" + part] = [
                "class_type": "EmptyLatentImage", "inputs": ["width": 64, "height": 64, "batch_size": 1],
            ]
            nodes["sample" + part] = [
                "class_type": "KSampler",
                "inputs": [
                    "seed": 7, "steps": .number(steps), "cfg": 7, "sampler_name": "euler",
                    "scheduler": "normal", "denoise": 1, "model": link("load", 0),
                    "positive": link("text", 0), "negative": link("text", 0),
                    "latent_image": link("latent", 0),
                ],
            ]
            nodes["decode" + part] = [
                "class_type": "VAEDecode", "inputs": ["samples": link("sample", 0), "vae": link("load", 2)],
            ]
            nodes["save" + part] = [
                "class_type": "SaveImage",
                "inputs": ["images": link("decode", 0), "filename_prefix": "same"],
            ]
        }
        return (["workflow": .object(nodes), "execution_mode": "parallel"] as JSON).text
    }

    private func submit(_ system: ServedSystem, steps: Int) async throws -> String {
        let answer = try await system.api.send(
            .post, "/v1/workflows/execute", Self.request(steps: steps))
        #expect(answer.status == 202)
        return try #require(answer.json["job_id"]?.string)
    }

    /// Both dispatchers die while both parts run; whoever comes next takes over both prompts.
    @Test func bothPartsRunAtOnceAndOutliveTheirDispatchers() async throws {
        let workers = [
            try await Worker(stepMilliseconds: 100), try await Worker(stepMilliseconds: 100),
        ]
        let options = ServedSystem.Options(
            arguments: ["--sweep-every", "1"],
            variables: ["LEASE_SECONDS": "2", "HEARTBEAT_SECONDS": "1", "SWEEP_ATTENTION_SECONDS": "1"],
            comfyUI: workers.map(\.url))
        try await ServedSystem.during(options) { system in
            let id = try await submit(system, steps: 80)
            try await eventually("a run on each worker") {
                try workers.allSatisfy { try $0.runs().count == 1 } ? true : nil
            }
            for process in ProcessTable.descendants(of: system.process.id)
            where ProcessTable.environment(of: process.id).contains("_HANDLER=dispatch") {
                kill(process.id, SIGKILL)
            }
            let job = try await system.api.job(id, is: "completed")
            #expect(job["outputs"]?.array?.map { $0["node_id"]?.string } == ["savea", "saveb"])
            #expect(job["parts"]?.array?.map { $0["status"]?.string } == ["completed", "completed"])
            #expect(job["attempts"]?.array?.count == 2)
            for worker in workers { #expect(try worker.runs().count == 1) }
            #expect(try await system.announcement(of: id)["event"] == "job.completed")
        }
    }

    @Test func aPartThatFailsStopsTheOther() async throws {
        let workers = [
            try await Worker(stepMilliseconds: 300, faults: ["raise_on=samplea"]),
            try await Worker(stepMilliseconds: 300, faults: ["raise_on=samplea"]),
        ]
        let options = ServedSystem.Options(
            variables: ["HEARTBEAT_SECONDS": "1"], comfyUI: workers.map(\.url))
        try await ServedSystem.during(options) { system in
            let id = try await submit(system, steps: 100)
            let job = try await system.api.job(id, is: "failed")
            #expect(job["error"]?["details"]?["node_id"]?.string == "samplea")
            #expect(job["parts"]?.array?.map { $0["status"]?.string } == ["failed", "cancelled"])
            #expect(try await system.announcement(of: id)["event"] == "job.failed")
        }
    }
}
