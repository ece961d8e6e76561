import Crypto
import HTTP
import JSON
import LocalServer
import Synchronization
import TestSupport
import Testing

@testable import comfy_lambda

/// submit, status, cancel and download against an API of the test's own.
@Suite(.timeLimit(.minutes(1))) struct RemoteCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let id = "019a0000-0000-7000-8000-000000000000"
    private static let picture = Array("not really a picture".utf8)
    /// Of the bytes above; sha256sum (GNU coreutils).
    private static let sha256 = "fe1a4ab1fb6347036bead73597d5d2958b26ac0b96f68ca2f6dcee53a50f297e"

    /// What one request asked for.
    private struct Asked: Sendable, Equatable {
        let line: String
        let body: JSON?
        let key: String?
    }

    private struct Run {
        var status: Int32?
        var failure: String?
        var asked: [Asked] = []
    }

    /// An API whose job is running at the first look and `end` at the next.
    private static func run(
        _ type: any Command.Type, _ words: [String], end: String = "completed", sha256: String? = nil,
        cancel: (Int, String)? = nil, environment: [String: String]? = nil
    ) async throws -> Run {
        let loop = EventLoop.onNewThread()
        let asked = Mutex<[Asked]>([])
        let looks = Mutex(0)
        let server = try HTTPServer(on: loop) { request in
            asked.withLock {
                $0.append(
                    Asked(
                        line: "\(request.method.rawValue) \(request.path)",
                        body: try? JSON(parsing: request.body), key: request.headers["idempotency-key"]))
            }
            let address = "http://\(request.headers["host"] ?? "")/picture"
            func answer(_ status: Int, _ text: String) -> ServerResponse {
                ServerResponse(status: status, body: Array(text.utf8))
            }
            switch request.path {
            case "/v1/generate", "/v1/workflows/execute":
                return answer(202, #"{"job_id":"\#(id)","status":"queued"}"#)
            case "/v1/jobs/\(id)/cancel":
                return cancel.map { answer($0.0, $0.1) }
                    ?? answer(200, #"{"job_id":"\#(id)","status":"cancelled"}"#)
            case "/v1/jobs/\(id)":
                let look = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                let state = look == 1 && type != DownloadCommand.self ? "running" : end
                let failed = #"{"code":"OUT_OF_MEMORY","message":"The GPU is too small."}"#
                return answer(
                    200,
                    #"{"job_id":"\#(id)","status":"\#(state)","error":\#(state == "failed" ? failed : "null"),"#
                        + #""outputs":[{"index":0,"kind":"image","filename":"../../a.PNG","bytes":20,"#
                        + #""sha256":"\#(sha256 ?? Self.sha256)","url":"\#(address)"}]}"#)
            case "/picture": return ServerResponse(body: picture)
            default: return answer(404, "{}")
            }
        }
        defer { server.stop() }
        let context = CommandContext(
            loop: loop, console: Console(environment: [:], isJSON: true),
            environment: environment ?? ["COMFY_LAMBDA_URL": "http://127.0.0.1:\(server.port)"])
        let command = try type.init(type.syntax.parse(words))
        var run = Run()
        do {
            run.status = try await loop.task { try await command.run(context) }.value
        } catch {
            run.failure = "\(error)"
        }
        run.asked = asked.withLock { $0 }
        return run
    }

    // MARK: submit

    @Test func aPromptAndItsFieldsGoToGenerate() async throws {
        let run = try await Self.run(
            SubmitCommand.self,
            [
                "--prompt", "a \"lighthouse\"", "--set", "steps=30", "--set", "model=a.ckpt", "--set",
                "seed=18446744073709551615", "--input", "sampler.denoise=0.5", "--idempotency-key", "k1",
            ])
        #expect(run.status == 0)
        let body: JSON = [
            "steps": 30, "model": "a.ckpt", "seed": try JSON(parsing: "18446744073709551615"),
            "prompt": "a \"lighthouse\"", "inputs": ["sampler.denoise": try JSON(parsing: "0.5")],
        ]
        #expect(run.asked.first == Asked(line: "POST /v1/generate", body: body, key: "k1"))
        #expect(
            run.asked.dropFirst().map(\.line) == ["GET /v1/jobs/\(Self.id)", "GET /v1/jobs/\(Self.id)"])
    }

    @Test(arguments: [
        (
            #"{"3":{"class_type":"KSampler","inputs":{}}}"#,
            #"{"workflow":{"3":{"class_type":"KSampler","inputs":{}}}}"#
        ),
        (#"{"workflow":{"3":{}},"priority":2}"#, #"{"workflow":{"3":{}},"priority":2}"#),
        (#"{"nodes":{"prompt":{}}}"#, #"{"workflow":{"nodes":{"prompt":{}}}}"#),
    ])
    func aFileIsAGraphOrARequest(file: String, body: String) async throws {
        let folder = folder.path
        try FileSystem.write(Array(file.utf8), to: "\(folder)/w.json")
        let run = try await Self.run(SubmitCommand.self, ["--no-wait", "\(folder)/w.json"])
        #expect(
            run.asked == [
                Asked(line: "POST /v1/workflows/execute", body: try JSON(parsing: body), key: nil)
            ])
        #expect(run.status == 0)
    }

    @Test func aJobThatFailedIsAFailureWithItsReason() async throws {
        let run = try await Self.run(SubmitCommand.self, ["--prompt", "x"], end: "failed")
        #expect(run.failure == "The job is failed. OUT_OF_MEMORY: The GPU is too small.")
    }

    @Test(arguments: [
        [], ["--set", "steps=3"], ["--no-wait", "--output", "x", "--prompt", "y"], ["a", "b"],
        ["--url", "ftp://x", "--prompt", "y"],
    ])
    func whatCannotBeRunIsAUsageError(words: [String]) {
        #expect(throws: UsageError.self) { try SubmitCommand(SubmitCommand.syntax.parse(words)) }
    }

    @Test func withoutAnAddressTheVariableIsNamed() async throws {
        let run = try await Self.run(SubmitCommand.self, ["--prompt", "x"], environment: [:])
        #expect(run.failure?.contains("COMFY_LAMBDA_URL") == true)
        let nobody = try await Self.run(
            SubmitCommand.self, ["--prompt", "x"], environment: ["COMFY_LAMBDA_URL": "http://127.0.0.1:1"])
        #expect(nobody.failure?.hasPrefix("http://127.0.0.1:1/ cannot be reached") == true)
    }

    // MARK: status and cancel

    @Test func statusShowsTheJobAndWatchFollowsIt() async throws {
        #expect(try await Self.run(StatusCommand.self, [Self.id]).asked.count == 1)
        let watched = try await Self.run(StatusCommand.self, ["--watch", Self.id], end: "failed")
        #expect(watched.asked.count == 2)
        #expect(watched.failure?.hasPrefix("The job is failed.") == true)
        #expect(throws: UsageError.self) { try StatusCommand(StatusCommand.syntax.parse(["7"])) }
    }

    @Test func cancelNotesTheWishOrSaysWhyNot() async throws {
        let run = try await Self.run(CancelCommand.self, [Self.id])
        #expect(run.status == 0)
        #expect(run.asked.map(\.line) == ["POST /v1/jobs/\(Self.id)/cancel"])
        let late = try await Self.run(
            CancelCommand.self, [Self.id],
            cancel: (409, #"{"error":{"code":"CONFLICT","message":"The job has ended."}}"#))
        #expect(
            late.failure == "The job cannot be cancelled: status 409, CONFLICT: The job has ended.")
    }

    // MARK: download

    @Test func outputsAreSavedUnderNamesOfOurOwn() async throws {
        let folder = folder.path
        let run = try await Self.run(DownloadCommand.self, ["--output", folder, Self.id])
        #expect(run.status == 0)
        #expect(try FileSystem.names(in: folder) == ["\(Self.id)-0.png"])
        #expect(try FileSystem.read("\(folder)/\(Self.id)-0.png") == Self.picture)
    }

    @Test func bytesThatAreNotTheJobsAreNotKept() async throws {
        let folder = folder.path
        let wrong = String(repeating: "0", count: 64)
        let run = try await Self.run(
            DownloadCommand.self, ["--output", folder, Self.id], sha256: wrong)
        #expect(run.failure?.contains("the job says 20 and \(wrong)") == true)
        #expect(try FileSystem.names(in: folder) == [])
    }

    @Test func anOutputThatIsNotThereIsSaid() async throws {
        let run = try await Self.run(DownloadCommand.self, ["--index", "3", Self.id])
        #expect(run.failure == "The job is completed and has no output 3.")
    }

    /// The addresses carry their own permission.
    @Test func reportsHaveNoAddresses() throws {
        let job = try JSON(
            parsing: #"{"job_id":"j","image_url":"https://s","outputs":[{"index":0,"url":"https://s"}]}"#)
        let report = JobReport(job: job, files: ["a.png"])
        #expect(
            report.document
                == (try JSON(parsing: #"{"job_id":"j","outputs":[{"index":0}],"files":["a.png"]}"#)))
    }
}
