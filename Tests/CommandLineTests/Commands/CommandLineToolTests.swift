import Glibc
import JSON
import TestSupport
import Testing

@testable import comfy_lambda

/// The built program itself.
@Suite(.timeLimit(.minutes(1))) struct CommandLineToolTests {
    /// The program lies beside the test bundle.
    static let program: String = {
        let own = FileSystem.executable ?? ""
        let beside = (CommandLine.arguments + [own]).flatMap {
            Project.ancestors(of: FileSystem.absolute($0))
        }
        .map { $0 + "/comfy-lambda" }
        return beside.first(where: FileSystem.isExecutable) ?? "comfy-lambda"
    }()
    private static let runtime = Fixtures.folder + "/runtime/scripted_runtime.py"

    private struct Run {
        let status: Int32
        let output: String
        let errors: String
    }

    private static func run(_ arguments: [String], input: String = "") async throws -> Run {
        let process = try TestSupport.ChildProcess(
            program, arguments, environment: ["PATH": "/usr/bin:/bin"], standardInput: Array(input.utf8))
        let status = await process.exit()
        return Run(status: status, output: process.standardOutput, errors: process.standardError)
    }

    private static let usage: [([String], String)] = [
        (
            [],
            "comfy-lambda: a command is missing: run, serve, invoke, replay, submit, status, cancel, download, smoke, keys, admin, doctor\nSee 'comfy-lambda --help'.\n"
        ),
        (["paint"], "comfy-lambda: unknown command 'paint'\nSee 'comfy-lambda --help'.\n"),
        (["--verison"], "comfy-lambda: unknown option '--verison'\nSee 'comfy-lambda --help'.\n"),
        (
            ["run", "--promt", "x"],
            "comfy-lambda run: unknown option '--promt', did you mean '--prompt'?\nSee 'comfy-lambda run --help'.\n"
        ),
        (
            ["serve", "--port", "70000"],
            "comfy-lambda serve: option '--port' is '70000'; expected a whole number from 0 to 65535\n"
                + "See 'comfy-lambda serve --help'.\n"
        ),
        (
            ["serve", "--event-format", "soap"],
            "comfy-lambda serve: option '--event-format' is 'soap'; expected one of http, rest, alb\n"
                + "See 'comfy-lambda serve --help'.\n"
        ),
        (["invoke"], "comfy-lambda invoke: option '--event' is missing\nSee 'comfy-lambda invoke --help'.\n"),
        (
            ["invoke", "--event", "x", "--handler", "y"],
            "comfy-lambda invoke: option '--handler' is 'y'; expected one of api, stream, dispatch, notify, sweep\n"
                + "See 'comfy-lambda invoke --help'.\n"
        ),
        (["replay"], "comfy-lambda replay: DIR is missing\nSee 'comfy-lambda replay --help'.\n"),
    ]

    @Test(arguments: usage)
    func aWrongCommandLineIsASentenceAndStatus2(arguments: [String], message: String) async throws {
        let run = try await Self.run(arguments)
        #expect(run.status == 2)
        #expect(run.output.isEmpty)
        #expect(run.errors == message)
    }

    @Test(arguments: [
        ["--help"], ["run", "--help"], ["serve", "-h"], ["invoke", "--help"], ["replay", "--help"],
    ])
    func helpIsOnStandardOutput(arguments: [String]) async throws {
        let run = try await Self.run(arguments)
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(run.output.contains("Usage: comfy-lambda"))
        #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 110 })
    }

    @Test func theVersion() async throws {
        let run = try await Self.run(["--version"])
        #expect(run.status == 0)
        #expect(run.output.hasPrefix("comfy-lambda 0.1.0\ncommit unknown"))
    }

    /// `--env TABLE_NAME=…` names another system, so that no local one is started.
    private static func invoke(_ arguments: [String], event: String) async throws -> Run {
        try await run(
            ["invoke", "--handler", "api", "--event", "-", "--bootstrap", runtime, "--env", "TABLE_NAME=t"]
                + arguments, input: event)
    }

    @Test func invokePrintsTheAnswerAlone() async throws {
        let run = try await Self.invoke([], event: #"{"a":1}"#)
        #expect(run.status == 0)
        #expect(run.output == "{\"a\": 1}\n")
        #expect(run.errors.isEmpty)
    }

    @Test func invokeShowsAFunctionErrorAndEndsWith1() async throws {
        let run = try await Self.invoke([], event: #"{"do":"raise"}"#)
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(run.errors == "function error Test.Raised: as asked\n")
    }

    @Test func invokeWritesJSONForPrograms() async throws {
        let good = try JSON(parsing: try await Self.invoke(["--json"], event: #"{"a":1}"#).output)
        #expect(good["handler"] == "api")
        #expect(good["response"] == ["a": 1])
        #expect(good["duration_ms"]?.int != nil)
        let bad = try await Self.invoke(["--json"], event: #"{"do":"raise"}"#)
        #expect(bad.status == 1)
        #expect(try JSON(parsing: bad.output)["error"]?["errorType"] == "Test.Raised")
    }

    @Test func invokeEndsAFunctionThatHangs() async throws {
        let run = try await Self.invoke(["--timeout", "1"], event: #"{"do":"hang"}"#)
        #expect(run.status == 1)
        #expect(run.errors.contains("Task timed out after 1.00 seconds"))
    }

    @Test func invokePassesVariablesFromFileAndOptions() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("env", Array("A=file\nB=file\n".utf8))
        let run = try await Self.invoke(["--env-file", file, "--env", "B=option"], event: #"{"do":"env"}"#)
        let variables = try JSON(parsing: run.output)["env"]
        #expect(variables?["A"] == "file")
        #expect(variables?["B"] == "option")
    }

    @Test(arguments: [
        (
            ["--env-file", "/no/such/file"], 1,
            "comfy-lambda invoke: cannot read /no/such/file: No such file or directory\n"
        ),
        (
            ["--env", "X"], 2,
            "comfy-lambda invoke: option '--env' is 'X'; expected NAME=VALUE\nSee 'comfy-lambda invoke --help'.\n"
        ),
    ])
    func invokeSaysWhatIsWrongWithItsVariables(arguments: [String], status: Int, message: String) async throws
    {
        let run = try await Self.invoke(arguments, event: "{}")
        #expect(run.status == status)
        #expect(run.errors == message)
    }

    @Test func verboseShowsTheFunctionsLog() async throws {
        let run = try await Self.invoke(["--verbose"], event: #"{"Records":[{"messageId":"1","body":"a"}]}"#)
        #expect(run.status == 0)
        #expect(run.errors == "[api] {\"delivered\": [\"a\"]}\n")
    }

    @Test func anEventThatNobodyTakesIsAnError() async throws {
        let run = try await Self.run(["invoke", "--event", "-", "--bootstrap", Self.runtime], input: "{}")
        #expect(run.status == 2)
        #expect(
            run.errors
                == "comfy-lambda invoke: - does not show which handler takes it. Name one with --handler.\n")
    }

    @Test func replayRunsAFolderInOrderInOneProcess() async throws {
        let folder = try TemporaryFolder()
        try folder.write("02-api-b.json", Array(#"{"do":"pid"}"#.utf8))
        try folder.write("01-api-a.json", Array(#"{"do":"pid"}"#.utf8))
        try folder.write("10-api-c.json", Array(#"{"do":"raise"}"#.utf8))
        try folder.write("notes.txt", [])
        let run = try await Self.run([
            "replay", folder.path, "--bootstrap", Self.runtime, "--env", "TABLE_NAME=t", "--json",
        ])
        #expect(run.status == 1)
        let results = try #require(try JSON(parsing: run.output).array)
        #expect(results.map { $0["event"]?.string } == ["01-api-a.json", "02-api-b.json", "10-api-c.json"])
        #expect(results[0]["response"] == results[1]["response"])
        #expect(results[2]["error"]?["errorType"] == "Test.Raised")
    }

    @Test func replayShowsATable() async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "a.json",
            Array(#"{"do":"echo","statusCode":404,"body":"{\"error\":{\"code\":\"NOT_FOUND\"}}"}"#.utf8))
        let run = try await Self.run([
            "replay", folder.path, "--handler", "api", "--bootstrap", Self.runtime, "--env", "TABLE_NAME=t",
        ])
        #expect(run.status == 0)
        let lines = run.output.split(separator: "\n")
        #expect(lines.first?.hasPrefix("Event   Handler  Outcome") == true)
        #expect(lines.last?.hasPrefix("a.json  api      404 NOT_FOUND") == true)
    }

    @Test func anEmptyFolderIsASentence() async throws {
        let folder = try TemporaryFolder()
        let run = try await Self.run(["replay", folder.path])
        #expect(run.status == 1)
        #expect(run.errors == "comfy-lambda replay: There is no .json file in \(folder.path).\n")
    }

    /// Ctrl-C, `kill`, a closed terminal: the exit status is the shell's for that signal, and the function's process is gone.
    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
    func aSignalEndsItWithAllItStarted(signal: Int32, status: Int32) async throws {
        let process = try TestSupport.ChildProcess(
            Self.program,
            [
                "invoke", "--handler", "api", "--event", "-", "--bootstrap", Self.runtime, "--env",
                "TABLE_NAME=t",
                "--verbose",
            ],
            environment: ["PATH": "/usr/bin:/bin"], standardInput: Array(#"{"do":"hang"}"#.utf8))
        #expect(await process.hasPrinted("hanging"))
        process.terminate(signal)
        #expect(await process.exit() == status)
        #expect(process.standardError.hasSuffix("comfy-lambda invoke: interrupted\n"))
        let line = try #require(process.standardError.split(separator: "\n").first { $0.contains("hanging") })
        let id = try #require(pid_t(line.split(separator: " ").last ?? ""))
        #expect(kill(id, 0) == -1)
    }
}
