import HTTP
import JSON
import TestSupport
import Testing

@testable import ComfyUI

@Suite(.timeLimit(.minutes(1))) struct ComfyUIClientTests {
    private static let id = "d61f162a-38bc-4e02-b245-b1d994287a91"

    /// The error of a submission to a worker that answers `POST /prompt` like this.
    private func submission(
        _ answer: StubWorker.Answer, queue: JSON = ["queue_running": [], "queue_pending": []],
        previews: Bool = false
    ) async throws -> (error: ComfyUIError?, requests: [String]) {
        let worker = try StubWorker { request, _ in
            switch request.target {
            case "/prompt": answer
            case "/queue" where request.method == "GET": .json(queue)
            default: .status(200)
            }
        }
        let error = try await onLoop { loop -> ComfyUIError? in
            do {
                try await worker.client(loop).submit(
                    ["1": ["class_type": "A", "inputs": [:]]], promptID: Self.id, clientID: "c",
                    previews: previews)
                return nil
            } catch let error as ComfyUIError {
                return error
            }
        }
        return (error, worker.requests.map(\.summary))
    }

    @Test func submitSendsGraphAndIds() async throws {
        let (error, requests) = try await submission(
            .json(["prompt_id": .string(Self.id), "number": 3, "node_errors": [:]]))
        #expect(error == nil)
        #expect(
            requests == [
                """
                POST /prompt {"prompt":{"1":{"class_type":"A","inputs":{}}},"client_id":"c","prompt_id":"\(Self.id)"}
                """
            ])
    }

    /// As the recording `60-sampling-full.json` has it, with the method that every version and model takes.
    @Test func submitAsksForPreviewsWhereTheyAreWanted() async throws {
        let (error, requests) = try await submission(
            .json(["prompt_id": .string(Self.id), "number": 3, "node_errors": [:]]), previews: true)
        #expect(error == nil)
        #expect(requests.count == 1)
        #expect(requests[0].hasSuffix(#","prompt_id":"\#(Self.id)","extra_data":{"preview_method":"auto"}}"#))
    }

    /// Recorded refusals: the case, and our fault list of it.
    static let refusals: [(String, [String])] = [
        ("value below min", ["1.width value_smaller_than_min"]),
        ("no outputs", ["prompt_no_outputs"]),
        ("node without inputs key", ["1.images exception_during_inner_validation"]),
        ("JSON without prompt", ["no_prompt"]),
    ]

    @Test(arguments: ["10-prompt-errors", "v0.3.64/10-prompt-errors"], refusals)
    func refusal(file: String, expectation: (String, [String])) async throws {
        guard let answer = try Recording(file).answer(expectation.0) else { return }
        #expect(answer.status == 400)
        let (error, _) = try await submission(.json(answer.body, status: 400))
        #expect(error?.code == .rejected)
        #expect(error?.mayHaveBeenQueued == false)
        let faults = (error?.details?["errors"]?.array ?? []).map {
            let place = [$0["node_id"]?.string, $0["input"]?.string].compactMap(\.self).joined(separator: ".")
            return (place.isEmpty ? "" : place + " ") + ($0["code"]?.string ?? "")
        }
        #expect(faults == expectation.1)
        let text = error?.details?.text ?? ""
        #expect(!text.contains("/opt") && !text.contains("traceback") && text.utf8.count < 4000)
    }

    @Test(
        "an unknown node type is named in both versions' words",
        arguments: [
            ("10-prompt-errors", "missing_node_type"), ("v0.3.64/10-prompt-errors", "invalid_prompt"),
        ])
    func unknownType(file: String, code: String) async throws {
        let answer = try #require(try Recording(file).answer("unknown node type"))
        let (error, _) = try await submission(.json(answer.body, status: answer.status))
        #expect(error?.code == .rejected)
        #expect(error?.details?["errors"]?[0]?["code"]?.string == code)
    }

    @Test("the older version does not say where the cycle is; the message is all there is")
    func cycle() async throws {
        for (file, codes) in [
            ("10-prompt-errors", ["dependency_cycle", "dependency_cycle"]),
            ("v0.3.64/10-prompt-errors", ["prompt_outputs_failed_validation"]),
        ] {
            let answer = try #require(try Recording(file).answer("cyclic graph"))
            let (error, _) = try await submission(.json(answer.body, status: answer.status))
            #expect(error?.details?["errors"]?.array?.compactMap { $0["code"]?.string } == codes)
        }
    }

    @Test("200 with node errors is a refusal, and what was queued is taken back")
    func droppedOutputs() async throws {
        let answer = try #require(
            try Recording("10-prompt-errors").answer(
                "two outputs, one valid one not: ACCEPTED with node_errors"))
        let (error, requests) = try await submission(
            .json(answer.body),
            queue: ["queue_running": [[0, .string(Self.id), [:], [:], []]], "queue_pending": []])
        #expect(error?.code == .rejected)
        #expect(error?.mayHaveBeenQueued == false)
        #expect(error?.details?["errors"]?[0]?["input"]?.string == "width")
        #expect(
            Array(requests.dropFirst()) == [
                #"POST /queue {"delete":["\#(Self.id)"]}"#, "GET /queue",
                #"POST /interrupt {"prompt_id":"\#(Self.id)"}"#,
            ])
    }

    @Test(arguments: [
        (500, "500 Internal Server Error", ComfyUIError.Code.unexpectedAnswer, true),
        (502, "", .unreachable, true),
        (413, "", .tooLarge, false), (404, "", .notFound, false), (403, "{}", .unexpectedAnswer, false),
        (400, "<html>", .unexpectedAnswer, false), (200, "<html>", .unexpectedAnswer, true),
        (200, "{}", .unexpectedAnswer, true),
    ])
    func otherAnswers(status: Int, body: String, code: ComfyUIError.Code, mayHaveBeenQueued: Bool)
        async throws
    {
        let (error, _) = try await submission(.init(status: status, body: Array(body.utf8)))
        #expect(error?.code == code)
        #expect(error?.status == status)
        #expect(error?.mayHaveBeenQueued == mayHaveBeenQueued)
    }

    @Test("a worker that is not there has queued nothing; one that hangs up may have")
    func unreachable() async throws {
        let dropping = try ScriptedServer { connection in _ = try connection.readRequest() }
        let gone = try ScriptedServer { _ in }
        let goneAddress = gone.url()
        gone.stop()
        for (address, mayHaveBeenQueued) in [(dropping.url(), true), (goneAddress, false)] {
            try await onLoop { loop in
                let client = ComfyUIClient(http: HTTPClient(loop: loop), address: address)
                do {
                    try await client.submit([:], promptID: Self.id, clientID: "c")
                    Issue.record("it was accepted")
                } catch let error as ComfyUIError {
                    #expect(error.code == .unreachable)
                    #expect(error.mayHaveBeenQueued == mayHaveBeenQueued)
                    #expect(!error.description.contains("127.0.0.1"))
                }
            }
        }
    }

    @Test func historyAndQueueFromRecordings() async throws {
        let run = try Recording("01-run-success")
        let entry = try #require(run.histories.first)
        let queue = try #require(
            try Recording("20-queue").exchanges.first {
                $0.request["method"]?.string == "GET" && $0.request["path"]?.string == "/queue"
            }?.response["body"]?["json"])
        let worker = try StubWorker { request, count in
            switch request.target {
            case "/history/\(entry.promptID)": .json(count == 0 ? [:] : [entry.promptID: entry.entry])
            case "/queue": .json(queue)
            default: .status(404)
            }
        }
        try await onLoop { loop in
            let client = worker.client(loop)
            #expect(try await client.history(entry.promptID) == nil)
            #expect(try await client.history(entry.promptID)?.files.map(\.filename) == ["ok01_00001_.png"])
            let state = try await client.queue()
            #expect(state.running == ["54298d2e-dbf8-4f75-90c1-2abd7737b552"])
            #expect(state.pending.count == 4)
            #expect(state.contains("a7fc8b5e-0fe1-4fef-9822-a3ab56dc7780"))
            #expect(!state.contains("nope"))
        }
    }

    @Test("a stranger at the address is told from ComfyUI", arguments: ["<html>", "[]", "{}"])
    func stranger(body: String) async throws {
        let worker = try StubWorker { _, _ in .init(body: Array(body.utf8)) }
        try await onLoop { loop in
            _ = await #expect(throws: ComfyUIError.self) { try await worker.client(loop).queue() }
        }
    }

    @Test(
        "the authorization goes with every request, the address may have a path, the rest uses the old routes"
    )
    func routes() async throws {
        let worker = try StubWorker { _, _ in .json([:]) }
        try await onLoop { loop in
            let client = worker.client(loop, path: "/gpu/", authorization: "Bearer t")
            try await client.deleteHistory("p")
            try await client.deleteFromQueue("p")
            try await client.interrupt("p")
            try await client.free()
            _ = try await client.objectInfo()
            _ = try await client.systemStats()
        }
        #expect(
            worker.requests.map(\.summary) == [
                #"POST /gpu/history {"delete":["p"]}"#, #"POST /gpu/queue {"delete":["p"]}"#,
                #"POST /gpu/interrupt {"prompt_id":"p"}"#,
                #"POST /gpu/free {"unload_models":true,"free_memory":true}"#,
                "GET /gpu/object_info", "GET /gpu/system_stats",
            ])
        #expect(worker.requests.allSatisfy { $0.headers.contains("Authorization: Bearer t") })
    }

    @Test("the authorization is asked for before every call: also prompts, uploads, files and the socket")
    func authorizationOfEveryCall() async throws {
        let worker = try StubWorker(socket: { socket, _ in try socket.waitForClose() }) { request, _ in
            switch request.target.prefix(while: { $0 != "?" }) {
            case "/prompt": .json(["prompt_id": .string(Self.id)])
            case "/queue": .json(["queue_running": [], "queue_pending": []])
            case "/upload/image": .json(["name": "up.png"])
            default: .json([:])
            }
        }
        try await onLoop { loop in
            let client = worker.client(loop, authorization: "Bearer t")
            try await client.events(clientID: "c").close()
            try await client.submit([:], promptID: Self.id, clientID: "c")
            _ = try await client.queue()
            _ = try await client.history("p")
            _ = try await client.upload([1], filename: "up.png")
            _ = try await client.view(OutputFile(nodeID: "2", filename: "a.png")).collect(limit: 10)
        }
        #expect(
            worker.requests.map { $0.target.prefix { $0 != "?" } } == [
                "/ws", "/prompt", "/queue", "/history/p", "/upload/image", "/view",
            ])
        #expect(worker.requests.allSatisfy { $0.headers.contains("Authorization: Bearer t") })
    }

    @Test("without its authorization nothing is sent")
    func authorizationThatCannotBeRead() async throws {
        let worker = try StubWorker { _, _ in .json([:]) }
        try await onLoop { loop in
            let client = ComfyUIClient(
                http: HTTPClient(loop: loop), address: worker.server.url(),
                authorization: { throw CancellationError() })
            let error = await #expect(throws: ComfyUIError.self) { try await client.queue() }
            #expect(error?.code == .unreachable)
            await #expect(throws: ComfyUIError.self) { try await client.events(clientID: "c") }
        }
        #expect(worker.requests.isEmpty)
    }

    @Test func viewStreamsAFile() async throws {
        let worker = try StubWorker { request, _ in
            request.target.contains("gone") ? .status(404) : .init(body: [1, 2, 3])
        }
        try await onLoop { loop in
            let client = worker.client(loop)
            let file = OutputFile(nodeID: "2", filename: "a b&c.png", subfolder: "sub dir/ü", type: "output")
            #expect(try await client.view(file).collect(limit: 10) == [1, 2, 3])
            do {
                _ = try await client.view(OutputFile(nodeID: "2", filename: "gone"))
                Issue.record("it was there")
            } catch let error as ComfyUIError {
                #expect(error.code == .notFound)
            }
        }
        #expect(
            worker.requests.first?.target
                == "/view?filename=a%20b%26c.png&subfolder=sub%20dir%2F%C3%BC&type=output")
    }

    @Test("an upload goes by the name that ComfyUI gave it")
    func upload() async throws {
        let worker = try StubWorker { _, count in
            count == 0
                ? .json(["name": "up (1).png", "subfolder": "", "type": "input"])
                : count == 1
                    ? .json(["name": "up.png", "subfolder": "jobs/j1", "type": "input"]) : .status(413)
        }
        try await onLoop { loop in
            let client = worker.client(loop)
            #expect(try await client.upload([9, 8], filename: "up\"\r\n.png") == "up (1).png")
            #expect(
                try await client.upload([9], filename: "up.png", subfolder: "jobs/j1", overwrite: true)
                    == "jobs/j1/up.png")
            do {
                _ = try await client.upload([9], filename: "up.png")
                Issue.record("it was taken")
            } catch let error as ComfyUIError {
                #expect(error.code == .tooLarge)
            }
        }
        let bodies = worker.requests.map { String(decoding: $0.body, as: UTF8.self) }
        #expect(bodies[0].contains("name=\"image\"; filename=\"up%22%0D%0A.png\"\r\n"))
        #expect(!bodies[0].contains("overwrite"))
        #expect(bodies[1].contains("name=\"subfolder\"\r\n\r\njobs/j1\r\n"))
        #expect(bodies[1].contains("name=\"overwrite\"\r\n\r\ntrue\r\n"))
        #expect(bodies[1].hasSuffix("--\r\n"))
    }
}
