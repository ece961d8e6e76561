import Glibc
import JSON
import LocalServer
import TestSupport
import Testing

/// `invoke`, `replay`, `--help`, and what is missing.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct CommandTests {
    private static let event = Program.project + "/dev/events/generate.json"

    @Test func invokeRunsARecordedEvent() async throws {
        let state = try TemporaryFolder()
        let fromFile = try await Program.run(
            ["invoke", "--handler", "api", "--event", Self.event, "--state", state.path])
        #expect(fromFile.status == 0, "\(fromFile.errors)")
        #expect(try JSON(parsing: fromFile.output)["statusCode"] == 202)

        let fromInput = try await Program.run(
            ["invoke", "--event", "-", "--json", "--state", state.path], input: try Fixtures.bytes(Self.event)
        )
        #expect(fromInput.status == 0, "\(fromInput.errors)")
        let document = try JSON(parsing: fromInput.output)
        #expect(document["handler"] == "api")
        #expect(document["response"]?["statusCode"] == 202)
    }

    @Test func aFunctionErrorIsExitStatus1() async throws {
        let state = try TemporaryFolder()
        let run = try await Program.run(
            ["invoke", "--handler", "dispatch", "--event", Self.event, "--state", state.path])
        #expect(run.status == 1)
        #expect(run.output.isEmpty)
        #expect(run.errors.hasPrefix("function error Handler.UnexpectedEvent: "))
    }

    @Test func anInitErrorIsExitStatus1AndNamesTheVariable() async throws {
        let state = try TemporaryFolder()
        let run = try await Program.run([
            "invoke", "--handler", "api", "--event", Self.event, "--env", "LEASE_SECONDS=soon", "--state",
            state.path,
        ])
        #expect(run.status == 1)
        #expect(run.errors.contains("LEASE_SECONDS is 'soon'; expected a whole number from 2 to 600"))
    }

    @Test func replayRunsAFolder() async throws {
        let state = try TemporaryFolder()
        let folder = Program.project + "/dev/events/session"
        let run = try await Program.run(["replay", folder, "--json", "--state", state.path])
        #expect(run.status == 0, "\(run.errors)")
        let results = try #require(try JSON(parsing: run.output).array)
        #expect(results.compactMap { $0["event"]?.string } == (try Fixtures.list(folder, ending: ".json")))
        #expect(results.allSatisfy { $0["error"] == nil })

        let table = try await Program.run(["replay", folder, "--state", state.path])
        #expect(table.status == 0)
        #expect(table.output.contains("02-api-generate.json"))
        #expect(!table.output.contains("\u{1B}"))
    }

    @Test(arguments: ["run", "serve", "invoke", "replay", "smoke"])
    func everyCommandHelps(command: String) async throws {
        let run = try await Program.run([command, "--help"])
        #expect(run.status == 0)
        #expect(run.errors.isEmpty)
        #expect(run.output.contains("Usage: comfy-lambda \(command)"))
        let wrong = try await Program.run([command, "--no-such-thing"])
        #expect(wrong.status == 2)
        #expect(wrong.output.isEmpty)
        #expect(wrong.errors.contains("unknown option '--no-such-thing'"))
    }

    /// A copy of the tool in a folder that was cloned and no more.
    private static func bareProject() throws -> (folder: TemporaryFolder, tool: String) {
        let folder = try TemporaryFolder()
        for name in ["/dev", "/bin"] { unsafe mkdir(folder.path + name, 0o755) }
        try folder.write("dev/requirements.txt", [])
        let tool = try folder.write("bin/comfy-lambda", try Fixtures.bytes(Program.tool))
        unsafe chmod(tool, 0o755)
        return (folder, tool)
    }

    @Test func aMissingPythonIsASentence() async throws {
        let (folder, tool) = try Self.bareProject()
        let run = try await Program.run(
            ["run", "--bootstrap", Program.bootstrap, "--event", Self.event], in: folder.path, program: tool)
        Self.expectSentence(run, status: 1, "Run 'make setup'")
    }

    @Test func aMissingBootstrapIsASentence() async throws {
        let (folder, tool) = try Self.bareProject()
        let run = try await Program.run(["run", "--event", Self.event], in: folder.path, program: tool)
        Self.expectSentence(run, status: 1, "There is no bootstrap program beside")
    }

    @Test func aPortInUseIsASentence() async throws {
        let taken = try ScriptedServer { _ in }
        let state = try TemporaryFolder()
        let run = try await Program.run(["serve", "--port", "\(taken.port)", "--state", state.path])
        Self.expectSentence(run, status: 1, "--port 0")
    }

    @Test func aStateFolderThatCannotBeIsASentence() async throws {
        let run = try await Program.run(["run", "--state", "/proc/nothing"])
        Self.expectSentence(run, status: 1, "/proc/nothing")
    }

    /// One line, and no trace of a crash.
    private static func expectSentence(
        _ run: Program.Result, status: Int32, _ text: String, at place: SourceLocation = #_sourceLocation
    ) {
        #expect(run.status == status, sourceLocation: place)
        #expect(run.output.isEmpty, sourceLocation: place)
        #expect(run.errors.contains(text), "\(run.errors)", sourceLocation: place)
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)", sourceLocation: place)
    }
}
