import Glibc
import JSON
import Synchronization
import TestSupport
import Testing

/// SIGTERM, sent to a real process: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
@Suite(.timeLimit(.minutes(1))) struct TerminationTests {
    private func start(
        _ api: RecordingRuntimeAPI, environment: [String: String] = [:]
    ) throws -> ChildProcess {
        let variables = ["_HANDLER": "slow", "AWS_LAMBDA_RUNTIME_API": api.address]
        return try ChildProcess(
            BuiltProgram.path("TestFunctions"), environment: variables.merging(environment) { $1 })
    }

    private func messages(_ process: ChildProcess) -> [String] {
        process.standardOutput.split(separator: "\n").compactMap { line in
            (try? JSON(parsing: String(line)))?["message"]?.string
        }
    }

    @Test func `an idle process ends at once`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1", body: Array("0".utf8)), .silence])
        let process = try start(api)
        while api.requestsForNext < 2 { await Task.yield() }
        process.terminate()
        #expect(await process.exit() == 0)
        #expect(api.reports.map(\.path) == ["invocation/r-1/response"])
        #expect(messages(process).last == "SIGTERM: no further invocation is taken")
    }

    @Test func `an invocation that ends in time is answered, and no other is taken`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1", body: Array("-10".utf8)), .event(id: "r-2")])
        let process = try start(api)
        #expect(await process.exit() == 0)
        #expect(api.reports.map(\.path) == ["invocation/r-1/response"])
        #expect(api.requestsForNext == 1)
    }

    @Test func `an invocation that takes too long is left, and what it logged is written`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1", body: Array("3600000".utf8))])
        let process = try start(api)
        #expect(await process.hasPrinted("begun"))
        process.terminate()
        #expect(await process.exit() == 0)
        #expect(api.reports.isEmpty)
        #expect(messages(process) == ["begun", "SIGTERM: no further invocation is taken"])
    }

    @Test func `with several at once all of them may end`() async throws {
        let api = try RecordingRuntimeAPI((1...3).map { .event(id: "r-\($0)", body: Array("-10".utf8)) })
        let process = try start(api, environment: ["AWS_LAMBDA_MAX_CONCURRENCY": "3"])
        #expect(await process.exit() == 0)
        #expect(api.reports.map(\.path).sorted() == (1...3).map { "invocation/r-\($0)/response" })
        #expect(api.requestsForNext == 3)
    }

    // MARK: The extension

    /// A Runtime API and an Extensions API that take what they are told down, and give no event.
    private func extensionsAPI(_ requests: Collected<ScriptedServer.Connection.Request>, status: Int = 200)
        throws
        -> ScriptedServer
    {
        try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                requests.add(request)
                if request.line.contains("/register") {
                    try connection.respond(status, headers: ["Lambda-Extension-Identifier: e-1"], body: "{}")
                } else {
                    connection.waitForHangUp()
                }
            }
        }
    }

    @Test func `an extension is registered when it is asked for, and its next event is awaited`() async throws
    {
        let requests = Collected<ScriptedServer.Connection.Request>()
        let server = try extensionsAPI(requests)
        let process = try ChildProcess(
            BuiltProgram.path("TestFunctions"),
            environment: [
                "_HANDLER": "echo", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:\(server.port)",
                "RUNTIME_SIGTERM_EXTENSION": "true",
            ])
        while requests.all.count < 3 { await Task.yield() }
        let register = try #require(requests.all.first)
        #expect(register.line == "POST /2020-01-01/extension/register HTTP/1.1")
        #expect(register.header("lambda-extension-name") == "comfy-lambda-sigterm")
        #expect(register.body == Array(#"{"events":[]}"#.utf8))
        let next = try #require(
            requests.all.first { $0.line == "GET /2020-01-01/extension/event/next HTTP/1.1" })
        #expect(next.header("lambda-extension-identifier") == "e-1")
        #expect(requests.all.contains { $0.line == "GET /2018-06-01/runtime/invocation/next HTTP/1.1" })
        process.terminate()
        #expect(await process.exit() == 0)
    }

    @Test func `without a registration the function serves all the same`() async throws {
        let requests = Collected<ScriptedServer.Connection.Request>()
        let server = try extensionsAPI(requests, status: 403)
        let process = try ChildProcess(
            BuiltProgram.path("TestFunctions"),
            environment: [
                "_HANDLER": "echo", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:\(server.port)",
                "RUNTIME_SIGTERM_EXTENSION": "true",
            ])
        while requests.all.count < 2 { await Task.yield() }
        #expect(requests.all.last?.line == "GET /2018-06-01/runtime/invocation/next HTTP/1.1")
        #expect(await process.hasPrinted("no extension is registered: SIGTERM will not come"))
        process.terminate()
        #expect(await process.exit() == 0)
    }

    @Test func `by default none is registered`() async throws {
        let requests = Collected<ScriptedServer.Connection.Request>()
        let server = try extensionsAPI(requests)
        let process = try ChildProcess(
            BuiltProgram.path("TestFunctions"),
            environment: ["_HANDLER": "echo", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:\(server.port)"])
        while requests.all.isEmpty { await Task.yield() }
        #expect(requests.all.map(\.line) == ["GET /2018-06-01/runtime/invocation/next HTTP/1.1"])
        process.terminate()
        #expect(await process.exit() == 0)
    }
}
