import HTTP
import LocalServer
import Synchronization
import Testing

@testable import comfy_lambda

@Suite(.timeLimit(.minutes(1))) struct SmokeCommandTests {
    private static func command(_ words: [String]) throws -> SmokeCommand {
        try SmokeCommand(SmokeCommand.syntax.parse(words))
    }

    @Test(arguments: [["--url", "ftp://x"], ["--url", "http://x/?a=b"], ["--url", "x"]])
    func anAddressThatIsNoneIsAUsageError(words: [String]) {
        #expect(throws: UsageError.self) { try Self.command(words) }
    }

    @Test func aPNGsHeaderTellsItsSize() {
        // The first 24 bytes of a 1 × 2 picture as Pillow writes it.
        let header: [UInt8] = [
            0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1,
            0,
            0, 0, 2,
        ]
        let size = SmokeSession.pngSize(header)
        #expect(size?.width == 1)
        #expect(size?.height == 2)
        #expect(SmokeSession.pngSize(Array(header.dropLast())) == nil)
        #expect(SmokeSession.pngSize([UInt8](repeating: 0, count: 24)) == nil)
    }

    // MARK: Against an API of the test's own

    private static let picture: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 8, 0,
        0, 0,
        8,
    ]
    /// Of the bytes above; sha256sum (GNU coreutils).
    private static let digest = "fe3c4e9a675b19d8a0ee18a599caa4c0a98c48090f1856ebd6d4560210f0260a"
    private static let id = "019a0000-0000-7000-8000-000000000000"

    /// What a run of the command came to against an API that answers like this.
    private static func run(
        ready: (Int, String) = (200, #"{"status":"ready","workers":1,"workers_alive":1}"#),
        submit: (Int, String) = (202, #"{"job_id":"\#(id)","status":"queued"}"#),
        job: String? = nil, bytes: [UInt8] = picture, environment: [String: String] = [:]
    ) async throws -> (status: Int32, authorizations: [String]) {
        let loop = EventLoop.onNewThread()
        let asked = Mutex<[String]>([])
        let server = try HTTPServer(on: loop) { request in
            asked.withLock { $0.append(request.headers["authorization"] ?? "") }
            func answer(_ status: Int, _ text: String) -> ServerResponse {
                ServerResponse(status: status, body: Array(text.utf8))
            }
            switch request.path {
            case "/health/ready": return answer(ready.0, ready.1)
            case "/v1/generate": return answer(submit.0, submit.1)
            case "/v1/jobs/\(id)":
                let address = "http://\(request.headers["host"] ?? "")/picture"
                return answer(200, job ?? completed(address))
            case "/picture": return ServerResponse(body: bytes)
            default: return answer(404, "{}")
            }
        }
        let command = try command(["--url", "http://127.0.0.1:\(server.port)", "--json", "--timeout", "20"])
        let context = CommandContext(
            loop: loop, console: Console(environment: [:], isJSON: true), environment: environment)
        let status = try await loop.task { try await command.run(context) }.value
        server.stop()
        return (status, asked.withLock { $0 })
    }

    private static func completed(_ address: String) -> String {
        #"{"status":"completed","outputs":[{"index":0,"kind":"image","content_type":"image/png","bytes":24,"#
            + #""sha256":"\#(digest)","width":8,"height":8,"url":"\#(address)"}]}"#
    }

    @Test func aPictureThatIsAsTheJobSaysPasses() async throws {
        let run = try await Self.run()
        #expect(run.status == 0)
        #expect(run.authorizations == ["", "", "", ""])
    }

    /// The picture's address is another party's and carries its own permission.
    @Test func aTokenGoesToTheAPIAndNotToThePicture() async throws {
        let run = try await Self.run(environment: ["COMFY_LAMBDA_TOKEN": "secret"])
        #expect(run.authorizations == ["Bearer secret", "Bearer secret", "Bearer secret", ""])
    }

    @Test func otherBytesThanTheJobsFail() async throws {
        await Self.expectFailure("the job says") { try await Self.run(bytes: Self.picture + [0]) }
    }

    @Test func aJobThatFailedSaysWhy() async throws {
        let job = #"{"status":"failed","error":{"code":"worker_lost","message":"The connection was lost."}}"#
        await Self.expectFailure("The job is failed. worker_lost: The connection was lost.") {
            try await Self.run(job: job)
        }
    }

    @Test func aRefusalSaysWhatToDo() async throws {
        await Self.expectFailure("execute-api:Invoke") {
            try await Self.run(ready: (403, #"{"message":"Forbidden"}"#))
        }
        await Self.expectFailure("COMFY_LAMBDA_TOKEN") {
            try await Self.run(ready: (401, #"{"message":"Unauthorized"}"#))
        }
        await Self.expectFailure("stack's output ApiUrl") {
            try await Self.run(ready: (404, #"{"message":"Not Found"}"#))
        }
        await Self.expectFailure("status 422, validation_error: no") {
            try await Self.run(
                submit: (422, #"{"error":{"code":"validation_error","message":"no"}}"#))
        }
    }

    private static func expectFailure(
        _ sentence: String, at place: SourceLocation = #_sourceLocation,
        _ body: () async throws -> (status: Int32, authorizations: [String])
    ) async {
        do {
            let status = try await body()
            Issue.record("ended with \(status.status)", sourceLocation: place)
        } catch {
            #expect("\(error)".contains(sentence), "\(error)", sourceLocation: place)
        }
    }
}
