import HTTP
import JSON
import TestSupport
import Testing

/// The built-in templates that load pictures, from an upload to an output, through the real programs.
@Suite(.timeLimit(.minutes(2)))
struct BuiltInTemplateTests {
    /// What the templates name when nobody says otherwise, and a ControlNet.
    private static let models = [
        "--checkpoint", "sd_xl_base_1.0.safetensors", "--checkpoint", "sd-v1-5-inpainting.ckpt",
        "--checkpoint", "v1-5-pruned-emaonly.safetensors", "--upscale-model", "RealESRGAN_x4plus.pth",
        "--control-net", "control_v11p_sd15_canny.pth",
    ]

    /// 64 × 64 pixels.
    private static let picture = "comfyui/sample-with-metadata.png"

    @Test func eachLoadsWhatWasUploaded() async throws {
        let folder = try TemporaryFolder()
        let worker = try await StandIn(["--step-ms", "1", "--base-directory", folder.path] + Self.models)
        let uploaded = try Fixtures.bytes(Self.picture)
        try await ServedSystem.during(.init(comfyUI: [worker.address])) { system in
            let image = JSON.string("file:\(try await Self.upload(uploaded, to: system.api))")
            let mask = JSON.string("file:\(try await Self.upload(uploaded, to: system.api))")
            /// A template, its parameters, the nodes that load pictures, and a side of what comes out.
            let runs: [(name: String, parameters: JSON, loads: [String], side: Int)] = [
                ("img2img", ["image": image, "prompt": "a pier", "batch_size": 2], ["image"], 64),
                ("inpaint", ["image": image, "mask": mask, "prompt": "a pier"], ["image", "mask"], 64),
                ("upscale", ["image": image], ["image"], 256),
                (
                    "controlnet",
                    ["image": image, "prompt": "a pier", "control_net": "control_v11p_sd15_canny.pth"],
                    ["image"], 512
                ),
            ]
            for run in runs {
                let submitted = try await system.api.send(
                    .post, "/v1/workflows/\(run.name)/execute", (["parameters": run.parameters] as JSON).text)
                #expect(submitted.status == 202, "\(run.name): \(submitted.json.text)")
                let id = try #require(submitted.json["job_id"]?.string)
                let job = try await system.api.job(id, is: "completed")
                #expect(job["template"] == ["id": .string(run.name), "version": 1])
                #expect(job["outputs"]?.array?.count == (run.name == "img2img" ? 2 : 1))
                let output = try await system.api.get(try #require(job["image_url"]?.string)).body
                #expect(sizeOfPNG(output) == [run.side, run.side])
                let prompt = try #require(Self.prompt(in: output))
                for node in run.loads {
                    let name = try #require(prompt[node]?["inputs"]?["image"]?.string)
                    #expect(try Fixtures.bytes("\(folder.path)/input/\(name)") == uploaded)
                }
            }
        }
    }

    /// Announces a picture, puts it where the answer says, and sees that it is ready.
    private static func upload(_ bytes: [UInt8], to api: APIClient) async throws -> String {
        let announced = try await api.send(
            .post, "/v1/files",
            #"{"filename": "a.png", "content_type": "image/png", "bytes": \#(bytes.count)}"#)
        #expect(announced.status == 201)
        let upload = try #require(announced.json["upload"])
        var headers: HTTPHeaders = [:]
        for (name, value) in upload["headers"]?.object ?? [:] { headers[name] = value.string }
        let put = try await Network.http.send(
            .init(
                .put, try #require((upload["url"]?.string).flatMap { URL($0) }), headers: headers,
                body: .bytes(bytes)))
        #expect(put.status == 200)
        let id = try #require(announced.json["file_id"]?.string)
        let shown = try await api.get("/v1/files/\(id)").json
        #expect(shown["status"] == "ready", "\(shown.text)")
        return id
    }

    /// What the worker was sent: it stands in the picture, in a tEXt chunk (RFC 2083, 4.2.3).
    private static func prompt(in png: [UInt8]) -> JSON? {
        let mark = Array("tEXtprompt\0".utf8)
        guard let at = png.indices.first(where: { png[$0...].starts(with: mark) }), at >= 4 else {
            return nil
        }
        let length = png[at - 4..<at].reduce(0) { $0 << 8 | Int($1) }
        let text = png[(at + mark.count)...].prefix(length - (mark.count - 4))
        return try? JSON(parsing: Array(text))
    }
}
