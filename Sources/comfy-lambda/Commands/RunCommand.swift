import AWSClients
import HTTP
import Handlers
import JSON
import LambdaRuntime
import LocalServer
import Time

/// `comfy-lambda run`: the main job once, from a recorded event to a picture and a message.
struct RunCommand: Command {
    static let syntax = CommandSyntax(
        name: "run", summary: "Run one job through the whole local system and show its picture.",
        discussion: """
            Starts a local AWS (moto) and the stand-in for ComfyUI, or uses the ComfyUI servers that COMFYUI_URLS
            names, sends a recorded API Gateway event to the real functions, shows the job's progress, saves its
            outputs under .local/outputs and shows the message that a subscriber of the SNS topic gets. Everything
            that was started is stopped at the end. Exit status 1 when the job did not complete.
            """,
        options: [
            .init("--prompt", .one("TEXT"), "What to draw, instead of the event's own prompt."),
            .init("--event", .one("FILE"), "The recorded event. Default: dev/events/generate.json."),
            .init("--timeout", .one("SECONDS"), "How long the job may take. Default: 600."),
            .init("--keep", .flag, "Keep the local system up at the end, until Ctrl-C."),
            .bootstrap, .state, .json, .verbose,
        ],
        examples: ["comfy-lambda run --prompt 'a lighthouse in a storm'"])

    let prompt: String?
    let event: String?
    let timeout: Duration
    let keepsRunning: Bool
    let bootstrap: String?
    let state: String?

    init(_ arguments: Arguments) throws(UsageError) {
        prompt = arguments.text("--prompt")
        event = arguments.text("--event")
        timeout = .seconds(try arguments.integer("--timeout", 600, in: 1...86_400))
        keepsRunning = arguments.flag("--keep")
        bootstrap = arguments.text("--bootstrap")
        state = arguments.text("--state")
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        let console = context.console
        let project = try Project(state: state)
        let path = event ?? project.folder + "/dev/events/generate.json"
        let recorded = try RecordedEvent(FileSystem.read(path), name: path)
        let submission = try prompt.map { try recorded.replacing(prompt: $0) } ?? recorded
        let options = LocalSystem.Options(
            bootstrap: try Project.bootstrap(bootstrap), comfyUI: context.comfyUI)
        return try await Children.during(on: context.loop) { children in
            let start = ContinuousClock.now
            console.showStatus("Starting the local AWS and ComfyUI …")
            let system = try await LocalSystem.start(
                options, project: project, children: children, console: console)
            console.showStatus("")
            console.note(
                "AWS on http://127.0.0.1:\(system.awsPort), ComfyUI on \(system.comfyUI.joined(separator: ", "))"
            )
            return try await system.whileFeeding(on: context.loop, console: console) {
                let session = JobSession(system: system, console: console, loop: context.loop)
                let result = try await finish(session, submission)
                result.show(on: console, duration: .now - start)
                if keepsRunning {
                    console.note("The local system stays up. Ctrl-C ends it.")
                    _ = try? await Promise<Void>().value()
                }
                return result.isCompleted ? 0 : 1
            }
        }
    }

    private func finish(_ session: JobSession, _ submission: RecordedEvent) async throws -> JobResult {
        do {
            return try await withDeadline(timeout, on: session.loop) { try await session.run(submission) }
        } catch is DeadlineExceeded {
            throw CommandFailure(
                "The job was not done within \(timeout.components.seconds) s. Does ComfyUI answer on "
                    + "\(session.system.comfyUI.joined(separator: ", "))? What dispatch tried is in "
                    + "\(session.system.project.logFile("dispatch")).")
        }
    }
}
