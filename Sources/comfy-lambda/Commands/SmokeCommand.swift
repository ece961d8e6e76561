import HTTP
import JSON

/// `comfy-lambda smoke`: one job against a deployed address, from the request to the bytes of the picture.
struct SmokeCommand: Command {
    static let syntax = CommandSyntax(
        name: "smoke", summary: "Run one job against a deployed API and look at its picture.",
        discussion: """
            Asks the API whether it is ready, submits a job, waits for its end, fetches its picture and compares it
            with what the job says of it: length, SHA-256 and dimensions. Exit status 0 only when all of it holds.

            \(RemoteOptions.discussion)
            """,
        options: RemoteOptions.options + [
            .init("--prompt", .one("TEXT"), "What to draw. Default: a lighthouse."),
            .init("--model", .one("NAME"), "The checkpoint. Default: the API's own."),
            .init("--timeout", .one("SECONDS"), "How long all of it may take. Default: 300."),
            .json,
        ],
        examples: [
            "comfy-lambda smoke --url https://a1b2c3.execute-api.eu-central-1.amazonaws.com",
            "comfy-lambda smoke --url http://127.0.0.1:8000",
        ])

    let remote: RemoteOptions
    let request: JSON
    let timeout: Duration

    init(_ arguments: Arguments) throws(UsageError) {
        remote = try RemoteOptions(arguments)
        var request: JSON.Object = ["prompt": .string(arguments.text("--prompt") ?? "a lighthouse")]
        if let model = arguments.text("--model") { request["model"] = .string(model) }
        self.request = .object(request)
        timeout = .seconds(try arguments.integer("--timeout", 300, in: 1...86_400))
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        let start = ContinuousClock.now
        return try await remote.calling(context) { api in
            let jobs = RemoteJobs(api: api, console: context.console, loop: context.loop)
            let seen: SmokeSession.Seen
            do {
                seen = try await withDeadline(timeout, on: context.loop) {
                    try await SmokeSession(jobs: jobs).run(request)
                }
            } catch is DeadlineExceeded {
                throw CommandFailure(
                    "\(api.address.redacted): the job was not done within \(timeout.components.seconds) s. Is "
                        + "there a ComfyUI container (parameter ComfyUIURLs), and does dispatch reach it? Its "
                        + "log tells.")
            }
            seen.show(on: context.console, address: api.address, duration: .now - start)
            return 0
        }
    }
}
