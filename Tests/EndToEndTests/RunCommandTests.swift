import Glibc
import HTTP
import JSON
import TestSupport
import Testing

/// `comfy-lambda run`: the main job, and nothing left of it however it ends.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RunCommandTests {
    private struct Run {
        let result: Program.Result
        /// Everything it started, as far as it was seen.
        let started: Set<ProcessIdentity>

        func expectNothingLeft() {
            // The tool, moto, the stand-in, and the functions' processes.
            #expect(started.count >= 5, "\(started)")
            #expect(started.filter(\.isAlive).isEmpty)
        }
    }

    /// Runs to the end and looks meanwhile what is started; `signal` is sent once the job runs.
    private static func run(
        _ arguments: [String], comfyUI: String? = nil, signal: Int32? = nil, state: TemporaryFolder
    ) async throws -> Run {
        let process = try Program.start(
            ["run", "--state", state.path] + arguments,
            environment: comfyUI.map { ["COMFYUI_URLS": $0] } ?? [:])
        let loop = Network.loop
        async let status = process.exit()
        let watch = loop.task {
            var started: Set<ProcessIdentity> = []
            while !Task.isCancelled {
                started.formUnion(ProcessTable.descendants(of: process.id))
                try? await loop.sleep(for: .milliseconds(100))
            }
            return started
        }
        if let signal {
            #expect(await process.hasPrinted("KSampler"))
            process.terminate(signal)
        }
        let ended = await status
        watch.cancel()
        return Run(
            result: .init(status: ended, output: process.standardOutput, errors: process.standardError),
            started: try await watch.value)
    }

    @Test func drawsThePictureAndShowsTheMessage() async throws {
        let state = try TemporaryFolder()
        let run = try await Self.run([], state: state)
        let (output, errors) = (run.result.output, run.result.errors)
        #expect(run.result.status == 0, "\(errors)")
        run.expectNothingLeft()

        let path = try #require(output.split(separator: "\n").first { $0.hasSuffix(".png") })
        let picture = try Fixtures.bytes(String(path))
        #expect(path.hasPrefix(state.path + "/outputs/"))
        #expect(sizeOfPNG(picture) == [512, 512])
        #expect(output.contains("job.completed"))
        #expect(output.contains(digest(picture)))

        // No terminal: lines, with the nodes' names, and nothing that only a terminal understands.
        #expect(errors.contains("KSampler"))
        #expect(!(output + errors).contains("\u{1B}") && !(output + errors).contains("\r"))
    }

    @Test func writesOneDocumentForPrograms() async throws {
        let state = try TemporaryFolder()
        let run = try await Self.run(["--json", "--prompt", "a red boat"], state: state)
        #expect(run.result.status == 0, "\(run.result.errors)")
        let document = try JSON(parsing: run.result.output)
        let path = try #require(document["files"]?[0]?.string)
        let hash = digest(try Fixtures.bytes(path))
        #expect(document["job"]?["status"] == "completed")
        #expect(document["job"]?["outputs"]?[0]?["sha256"]?.string == hash)
        let message = try JSON(parsing: document["notification"]?["Message"]?.string ?? "")
        #expect(message["outputs"]?[0]?["sha256"]?.string == hash)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func isEndedBySignals(signal: Int32) async throws {
        let state = try TemporaryFolder()
        let run = try await Self.run([], signal: signal, state: state)
        #expect(run.result.status == 128 + signal)
        #expect(run.result.errors.hasSuffix("comfy-lambda run: interrupted\n"))
        run.expectNothingLeft()
    }

    @Test func aFailedJobIsExitStatus1() async throws {
        let state = try TemporaryFolder()
        let worker = try await Worker(faults: ["raise_on=KSampler"])
        let run = try await Self.run([], comfyUI: worker.url, state: state)
        #expect(run.result.status == 1)
        #expect(run.result.output.contains("NODE_FAILED"))
        #expect(run.result.output.contains("job.failed"))
        #expect(run.started.count >= 4)
        #expect(run.started.filter(\.isAlive).isEmpty)
    }
}
