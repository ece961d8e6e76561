import ComfyUI
import Crypto
import JSON
import Testing
import Time

@testable import Handlers

struct GenerateRequestTests {
    private func draft(_ body: String, maximumPixels: Int = 1_048_576) async throws -> JobDraft {
        var reader = FieldReader(try #require(try JSONTestBody.object(body)))
        let request = GenerateRequest(&reader, maximumPixels: maximumPixels)
        try reader.finish()
        return try await request.draft(try APIBench.check())
    }

    private func codes(_ body: String, maximumPixels: Int = 1_048_576) async throws -> [String] {
        do {
            _ = try await draft(body, maximumPixels: maximumPixels)
            return []
        } catch let error as APIError {
            #expect(error.code == .validationError)
            return (error.details?["errors"]?.array ?? []).map {
                "\($0["field"]?.string ?? "-") \($0["code"]?.string ?? "-")"
            }
        }
    }

    @Test func defaultsMakeThisWorkflow() async throws {
        let draft = try await draft(
            #"{"prompt": "a <lighthouse> & \"sea\" -- SELECT", "seed": 18446744073709551615}"#)
        let expected = """
            {"checkpoint":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"sd_xl_base_1.0.safetensors"}},
            "positive":{"class_type":"CLIPTextEncode","inputs":{"clip":["checkpoint",1],"text":"a <lighthouse> & \\"sea\\" -- SELECT"}},
            "negative":{"class_type":"CLIPTextEncode","inputs":{"clip":["checkpoint",1],"text":""}},
            "latent":{"class_type":"EmptyLatentImage","inputs":{"width":512,"height":512,"batch_size":1}},
            "sampler":{"class_type":"KSampler","inputs":{"model":["checkpoint",0],"positive":["positive",0],
              "negative":["negative",0],"latent_image":["latent",0],"denoise":1.0,"seed":18446744073709551615,"steps":20,
              "cfg":7.0,"sampler_name":"euler_ancestral","scheduler":"normal"}},
            "decode":{"class_type":"VAEDecode","inputs":{"samples":["sampler",0],"vae":["checkpoint",2]}},
            "save":{"class_type":"SaveImage","inputs":{"images":["decode",0],"filename_prefix":"image"}}}
            """
        #expect(draft.graph.json == (try JSON(parsing: expected)))
        #expect(draft.primaryNode == "save")
        #expect(!draft.drawsSeed)
    }

    @Test func everyParameterGoesToItsPlace() async throws {
        let draft = try await draft(
            """
            {"prompt": "p", "negative_prompt": "n", "width": 1024, "height": 768, "steps": 30, "cfg_scale": 5.5,
             "sampler": "DPM++ 2M Karras", "seed": 1, "model": "other.safetensors", "batch_size": 4,
             "priority": "high", "worker_labels": ["gpu"], "timeout_seconds": 60,
             "webhook_url": "https://example.org/", "metadata": {"a": 1}, "inputs": {"sampler.denoise": 0.5},
             "previews": true}
            """)
        let sampler = draft.graph["sampler"]?.inputs
        #expect(draft.graph["latent"]?.inputs["width"] == 1024)
        #expect(draft.graph["latent"]?.inputs["height"] == 768)
        #expect(draft.graph["latent"]?.inputs["batch_size"] == 4)
        #expect(draft.graph["negative"]?.inputs["text"] == "n")
        #expect(draft.graph["checkpoint"]?.inputs["ckpt_name"] == "other.safetensors")
        #expect(sampler?["steps"] == 30)
        #expect(sampler?["cfg"]?.double == 5.5)
        #expect(sampler?["sampler_name"] == "dpmpp_2m")
        #expect(sampler?["scheduler"] == "karras")
        #expect(sampler?["denoise"]?.double == 0.5)
        let id = try #require(Job.ID("0192a5b0-c0de-7abc-89ab-cdef01234567"))
        let (_, job) = draft.job(
            id, user: .local, at: Timestamp(milliseconds: 1_000), policy: JobPolicy())
        #expect(job.priority == 8)
        #expect(job.seed == 1)
        #expect(job.workerLabels == ["gpu"])
        #expect(job.timeoutSeconds == 60)
        #expect(job.webhookURL == "https://example.org/")
        #expect(job.hasMetadata)
        #expect(job.wantsPreviews)
        #expect(job.checkpoint == "other.safetensors")
        #expect(job.dueAt == Timestamp(milliseconds: 31_000))
    }

    @Test func anAbsentSeedIsDrawnFromTheJobsID() async throws {
        let draft = try await draft(#"{"prompt": "p"}"#)
        let id = try #require(Job.ID("0192a5b0-c0de-7abc-89ab-cdef01234567"))
        let (workflow, job) = draft.job(id, user: .local, at: Timestamp(milliseconds: 0), policy: JobPolicy())
        #expect(job.seed == 6_682_338_053_894_651_641)
        #expect(workflow["sampler"]?["inputs"]?["seed"] == 6_682_338_053_894_651_641)
    }

    @Test func anOverriddenSeedIsTheJobsSeed() async throws {
        let draft = try await draft(#"{"prompt": "p", "inputs": {"sampler.seed": 42}}"#)
        let (_, job) = draft.job(
            Job.ID(.v4()), user: .local, at: Timestamp(milliseconds: 0), policy: JobPolicy())
        #expect(job.seed == 42)
    }

    @Test(arguments: [
        ("{}", ["prompt required"]),
        (#"{"prompt": ""}"#, ["prompt too_short"]),
        (#"{"prompt": "p", "width": 63}"#, ["width out_of_range"]),
        (#"{"prompt": "p", "width": 2048, "height": 2048}"#, ["width too_many_pixels"]),
        // One fault, not also a product of a value that is refused.
        (#"{"prompt": "p", "width": 2050, "height": 2048}"#, ["width out_of_range"]),
        (
            #"{"prompt": "p", "steps": 151, "cfg_scale": 0.5, "batch_size": 5}"#,
            ["steps out_of_range", "cfg_scale out_of_range", "batch_size out_of_range"]
        ),
        (#"{"prompt": "p", "sampler": "best"}"#, ["sampler not_a_choice"]),
        (#"{"prompt": "p", "scheduler": "fast"}"#, ["scheduler not_a_choice"]),
        (#"{"prompt": "p", "seed": -1}"#, ["seed out_of_range"]),
        (#"{"prompt": "p", "Seed": 1}"#, ["Seed unknown_field"]),
        (#"{"prompt": "p", "webhook_url": "javascript:x"}"#, ["webhook_url malformed"]),
        (#"{"prompt": "p", "metadata": []}"#, ["metadata wrong_type"]),
        (#"{"prompt": "p", "timeout_seconds": 5}"#, ["timeout_seconds out_of_range"]),
        (#"{"prompt": "p", "previews": "yes"}"#, ["previews wrong_type"]),
        (#"{"prompt": "p", "previews": 1}"#, ["previews wrong_type"]),
    ])
    func faults(_ body: String, _ expected: [String]) async throws {
        #expect(Set(try await codes(body)) == Set(expected))
    }

    @Test(arguments: ["../x.safetensors", "/etc/passwd", "a/../../b.safetensors"])
    func aClimbingModelNameIsAFaultOfThatField(_ model: String) async throws {
        let found = try await codes(#"{"prompt": "p", "model": "\#(model)"}"#)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("model ") == true)
    }
}
