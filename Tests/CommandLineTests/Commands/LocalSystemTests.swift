import Glibc
import HTTP
import JSON
import TestSupport
import Testing

@testable import comfy_lambda

/// The program with everything it starts. Needs the Python environment that `make setup` makes.
@Suite(
    .timeLimit(.minutes(1)), .serialized,
    .enabled(if: (try? Project().python()) != nil, "there is no Python environment; run 'make setup'"))
struct LocalSystemTests {
    private static func start(_ arguments: [String]) throws -> TestSupport.ChildProcess {
        try TestSupport.ChildProcess(
            CommandLineToolTests.program, arguments, environment: ["PATH": "/usr/bin:/bin"])
    }

    private static func lastLine(_ process: TestSupport.ChildProcess) throws -> JSON {
        try JSON(parsing: String(process.standardOutput.split(separator: "\n").last ?? ""))
    }

    /// Whether anything answers there.
    private static func answers(_ address: String, method: HTTPMethod = .get, body: String = "") async throws
        -> HTTPClient.Response?
    {
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let url = try #require(URL(address))
        return try? await loop.task {
            let body = body.isEmpty ? HTTPClient.Body.none : .bytes(Array(body.utf8))
            return try await HTTPClient(loop: loop).send(.init(method, url, body: body))
        }.value
    }

    @Test func aRecordedEventBecomesAPictureAndAMessage() async throws {
        let process = try Self.start(["run", "--json", "--prompt", "a red barn"])
        #expect(await process.exit() == 0)
        let result = try Self.lastLine(process)
        #expect(result["job"]?["status"] == "completed")
        let picture = try Fixtures.bytes(try #require(result["files"]?[0]?.string))
        #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        #expect(picture.count == result["job"]?["outputs"]?[0]?["bytes"]?.int)
        #expect(result["notification"]?["Type"] == "Notification")
        let message = try JSON(parsing: try #require(result["notification"]?["Message"]?.string))
        #expect(message["event"] == "job.completed")
        #expect(message["job_id"] == result["job"]?["job_id"])
        #expect(process.standardError.contains("KSampler"))
    }

    @Test func aRunThatIsInterruptedLeavesNothingRunning() async throws {
        let process = try Self.start(["run"])
        #expect(await process.hasPrinted("AWS on http://127.0.0.1:"))
        let line = try #require(
            process.standardError.split(separator: "\n").first { $0.hasPrefix("AWS on ") })
        let address = String(line.dropFirst(7).prefix { $0 != "," })
        process.terminate(SIGINT)
        #expect(await process.exit() == 130)
        #expect(try await Self.answers(address) == nil)
    }

    /// Nothing can be tidied up any more: the kernel does it.
    @Test func aKilledServeLeavesNothingRunning() async throws {
        let process = try Self.start(["serve", "--port", "0", "--json"])
        #expect(await process.hasPrinted("ready"))
        let ready = try Self.lastLine(process)
        process.terminate(SIGKILL)
        await process.exit()
        for address in [ready["aws"]?.string, ready["comfyui"]?[0]?.string] {
            #expect(try await Self.answers(try #require(address)) == nil)
        }
    }

    @Test(arguments: ["http", "rest", "alb"])
    func serveAnswersAndEndsInGoodOrder(format: String) async throws {
        let process = try Self.start(["serve", "--port", "0", "--json", "--event-format", format])
        #expect(await process.hasPrinted("ready"))
        let ready = try Self.lastLine(process)
        let address = try #require(ready["url"]?.string)
        let environmentFile = try #require(ready["env_file"]?.string)
        #expect(try Fixtures.text(environmentFile).contains("TABLE_NAME=comfy-lambda\n"))
        let created = try #require(
            try await Self.answers(
                address + "/v1/generate", method: .post, body: #"{"prompt":"a lighthouse"}"#))
        #expect(created.status == 202)
        let job = try JSON(parsing: created.body)
        let read = try await Self.answers("\(address)/v1/jobs/\(job["job_id"]?.string ?? "")")
        #expect(read?.status == 200)
        let refused = try await Self.answers(address + "/v1/generate", method: .post, body: "no json")
        #expect(refused?.status == 400)

        let second = try Self.start(["serve", "--port", "\(ready["port"]?.int ?? 0)"])
        #expect(await second.exit() == 1)
        #expect(second.standardError.contains("Choose another with --port, or --port 0 for a free one.\n"))

        process.terminate(SIGINT)
        #expect(await process.exit() == 0)
        #expect(!FileSystem.exists(environmentFile))
        #expect(try await Self.answers(try #require(ready["aws"]?.string)) == nil)
    }

    @Test func aSessionOfRecordedEventsReplays() async throws {
        let folder = try Project().folder + "/dev/events/session"
        let process = try Self.start(["replay", folder, "--json"])
        #expect(await process.exit() == 0)
        let results = try #require(try Self.lastLine(process).array)
        let outcomes = results.map { result in
            "\(result["event"]?.string ?? "") \(result["response"]?["statusCode"]?.text ?? result["response"]?.text ?? "")"
        }
        #expect(
            outcomes == [
                "01-api-ready.json 200", "02-api-generate.json 202", "03-api-generate-out-of-range.json 400",
                "04-api-generate-rest.json 202",
                #"05-sweep-schedule.json {"rung":0,"resumed":0,"announced":0,"expired":0,"webhooks":0,"erased":0,"accounts":0,"workers":1,"slots":0}"#,
                #"06-dispatch-doorbell.json {"batchItemFailures":[]}"#, "07-api-jobs-load-balancer.json 200",
                "08-api-foreign-job.json 404",
            ])
    }
}
