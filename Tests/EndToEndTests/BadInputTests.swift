import HTTP
import JSON
import TestSupport
import Testing

/// What is refused leaves nothing behind: no item, no object, no message.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct BadInputTests {
    private struct Case {
        var name: String
        var method = HTTPMethod.post
        var path = "/v1/generate"
        var body: String? = nil
        var status = 400
        var code: String
        /// Among the codes of `details.errors`.
        var fault: String? = nil
    }

    private static func workflow(_ name: String, _ nodes: String, _ fault: String) -> Case {
        Case(
            name: name, path: "/v1/workflows/execute", body: #"{"workflow": {\#(nodes)}}"#,
            code: "INVALID_WORKFLOW", fault: fault)
    }

    private static let source =
        #"{"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}}"#
    private static func save(_ prefix: String = "x") -> String {
        #""save": {"class_type": "SaveImage", "inputs": {"images": ["a", 0], "filename_prefix": "\#(prefix)"}}"#
    }
    private static func invert(_ name: String, of other: String) -> String {
        #""\#(name)": {"class_type": "ImageInvert", "inputs": {"image": ["\#(other)", 0]}}"#
    }

    /// The list of issue 2, "Bad input".
    private static let cases = [
        Case(name: "no JSON", body: "{prompt: a lighthouse}", code: "INVALID_JSON"),
        Case(name: "wrong type", body: #"{"prompt": 7}"#, code: "VALIDATION_ERROR", fault: "wrong_type"),
        Case(
            name: "out of range", body: #"{"prompt": "p", "steps": 151}"#, code: "VALIDATION_ERROR",
            fault: "out_of_range"),
        Case(
            name: "unknown field", body: #"{"prompt": "p", "step": 20}"#, code: "VALIDATION_ERROR",
            fault: "unknown_field"),
        workflow(
            "101 nodes",
            save() + #", "a": \#(source)"# + (0..<99).map { #", "n\#($0)": \#(source)"# }.joined(),
            "too_many_nodes"),
        workflow("cycle", "\(invert("a", of: "b")), \(invert("b", of: "a")), \(save())", "cycle"),
        workflow("link to a missing node", save(), "missing_link_target"),
        workflow(
            "editor format", #""nodes": [{"id": 1, "type": "SaveImage"}], "links": []"#, "editor_format"),
        workflow(
            "disallowed node", #""a": {"class_type": "LoadImageOutput", "inputs": {}}, "# + save(),
            "node_not_allowed"),
        workflow("climbing file name", #""a": \#(source), "# + save("../../x"), "climbing_path"),
        Case(
            name: "over 4 MB", body: #"{"prompt": ""# + String(repeating: "x", count: 4 << 20) + #""}"#,
            status: 413, code: "PAYLOAD_TOO_LARGE"),
        Case(
            name: "missing job", method: .get, path: "/v1/jobs/0192a5b0-c0de-7abc-89ab-cdef01234567",
            status: 404,
            code: "NOT_FOUND"),
        Case(
            name: "cancel of a missing job", path: "/v1/jobs/0192a5b0-c0de-7abc-89ab-cdef01234567/cancel",
            status: 404, code: "NOT_FOUND"),
        Case(name: "unknown route", body: #"{"prompt": "p"}"#, status: 404, code: "NOT_FOUND"),
        Case(
            name: "wrong method", method: .put, body: #"{"prompt": "p"}"#, status: 405,
            code: "METHOD_NOT_ALLOWED"),
    ]

    @Test func isRefusedAndLeavesNothing() async throws {
        // Requests are counted in the table.
        try await ServedSystem.during(.init(variables: ["METRICS_FLUSH_SECONDS": "0"])) { system in
            for var wrong in Self.cases {
                if wrong.name == "unknown route" { wrong.path = "/v1/generat" }
                let answer = try await system.api.send(
                    wrong.method, wrong.path, wrong.body,
                    headers: ["Content-Type": "application/json", "Idempotency-Key": "k"])
                #expect(answer.status == wrong.status, "\(wrong.name): \(answer.json.text)")
                #expect(answer.code == wrong.code, "\(wrong.name)")
                if let fault = wrong.fault { #expect(answer.faults.contains(fault), "\(wrong.name)") }
                #expect(answer.headers["X-Request-Id"] != nil, "\(wrong.name)")
            }
            try await Self.refusesWhatIsNoBase64(system)
            #expect(try await system.api.list().isEmpty)
            #expect(try await system.messageCount() == 0)
            #expect(try await system.objectCount() == 0)
            #expect(try await system.itemKeys().isEmpty)
        }
    }

    /// A front end never sends such an event, so it is invoked with it.
    private static func refusesWhatIsNoBase64(_ system: ServedSystem) async throws {
        var event = try #require(
            try JSON(parsing: Fixtures.bytes(Program.project + "/dev/events/generate.json")).object)
        event["isBase64Encoded"] = true
        let answer = try await invoke(.object(event), on: system)
        #expect(answer["statusCode"] == 400)
        #expect(try JSON(parsing: answer["body"]?.string ?? "")["error"]?["code"]?.string != nil)
    }

    /// One user's job is not there for another.
    @Test func aForeignJobIsNotThere() async throws {
        let worker = try await Worker()
        try await ServedSystem.during(.init(comfyUI: [worker.url])) { system in
            let id = try await system.api.generate()
            var event = try #require(
                try JSON(
                    parsing: Fixtures.bytes(Program.project + "/dev/events/session/08-api-foreign-job.json")
                )
                .object)
            event["rawPath"] = .string("/v1/jobs/\(id)")
            var context = try #require(event["requestContext"]?.object)
            context["authorizer"] = ["jwt": ["claims": ["iss": "https://issuer.example", "sub": "mallory"]]]
            event["requestContext"] = .object(context)
            #expect(try await Self.invoke(.object(event), on: system)["statusCode"] == 200)
            let foreign = try await Self.invoke(
                .object(event), on: system, ["--env", "AUTH_MODE=both", "--env", "GATEWAY_AUTHORIZER=true"])
            #expect(foreign["statusCode"] == 404)
            #expect(foreign["body"]?.string?.contains("NOT_FOUND") == true)
            _ = try await system.api.job(id, is: "completed")
        }
    }

    /// The function's answer to an event, in a running system.
    private static func invoke(_ event: JSON, on system: ServedSystem, _ arguments: [String] = [])
        async throws
        -> JSON
    {
        let file = try #require(system.ready["env_file"]?.string)
        let run = try await Program.run(
            ["invoke", "--handler", "api", "--event", "-", "--env-file", file] + arguments,
            input: event.serialized())
        #expect(run.status == 0, "\(run.errors)")
        return try JSON(parsing: run.output)
    }
}
