import Crypto
import HTTP
import JSON

/// `comfy-lambda status`: one job of a deployed API.
struct StatusCommand: Command {
    static let syntax = CommandSyntax(
        name: "status", summary: "Show a job of a deployed API.", operands: ["JOB"],
        discussion: """
            Shows the job as it is now. Exit status 0 whatever has become of it; with --watch, 0 only when it is
            completed.

            \(RemoteOptions.discussion)
            """,
        options: RemoteOptions.options + [
            .init("--watch", .flag, "Follow the job to its end."), .json,
        ],
        examples: ["comfy-lambda status --watch 019a5b1c-7d00-7000-8000-000000000000"])

    let remote: RemoteOptions
    let id: UUID
    let watches: Bool

    init(_ arguments: Arguments) throws(UsageError) {
        remote = try RemoteOptions(arguments)
        id = try arguments.jobID()
        watches = arguments.flag("--watch")
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        try await remote.calling(context) { api in
            let jobs = RemoteJobs(api: api, console: context.console, loop: context.loop)
            let job = try await watches ? jobs.watch(id) : jobs.job(id)
            JobReport(job: job).show(on: context.console)
            if watches, job["status"] != "completed" { throw job.jobFailure }
            return 0
        }
    }
}

/// `comfy-lambda cancel`: stops a job of a deployed API.
struct CancelCommand: Command {
    static let syntax = CommandSyntax(
        name: "cancel", summary: "Cancel a job of a deployed API.", operands: ["JOB"],
        discussion: """
            A queued job is cancelled at once; a running one is stopped on its worker, which takes some seconds:
            with --watch the command waits for it. Exit status 0 when the wish was noted.

            \(RemoteOptions.discussion)
            """,
        options: RemoteOptions.options + [.init("--watch", .flag, "Wait until the job has ended."), .json],
        examples: ["comfy-lambda cancel 019a5b1c-7d00-7000-8000-000000000000"])

    let remote: RemoteOptions
    let id: UUID
    let watches: Bool

    init(_ arguments: Arguments) throws(UsageError) {
        remote = try RemoteOptions(arguments)
        id = try arguments.jobID()
        watches = arguments.flag("--watch")
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        try await remote.calling(context) { api in
            let jobs = RemoteJobs(api: api, console: context.console, loop: context.loop)
            var job = try await jobs.cancel(id)
            if watches { job = try await jobs.watch(id) }
            JobReport(job: job).show(on: context.console)
            return 0
        }
    }
}

/// `comfy-lambda download`: the outputs of a job of a deployed API, as files.
struct DownloadCommand: Command {
    static let syntax = CommandSyntax(
        name: "download", summary: "Fetch a job's outputs from a deployed API.", operands: ["JOB"],
        discussion: """
            Saves each output as JOB-INDEX.EXTENSION, checked against the length and SHA-256 that the job tells of
            it; a file that does not match is not left behind.

            \(RemoteOptions.discussion)
            """,
        options: RemoteOptions.options + [
            .init("--output", .one("DIR"), "The folder. Default: the current one."),
            .init("--index", .one("N"), "One output only."), .json,
        ],
        examples: ["comfy-lambda download --output pictures 019a5b1c-7d00-7000-8000-000000000000"])

    let remote: RemoteOptions
    let id: UUID
    let folder: String
    let index: Int?

    init(_ arguments: Arguments) throws(UsageError) {
        remote = try RemoteOptions(arguments)
        id = try arguments.jobID()
        folder = arguments.text("--output") ?? "."
        index = arguments.text("--index") == nil ? nil : try arguments.integer("--index", 0, in: 0...9999)
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        try await remote.calling(context) { api in
            let job = try await RemoteJobs(api: api, console: context.console, loop: context.loop).job(id)
            let download = OutputDownload(http: api.http, console: context.console, folder: folder)
            JobReport(job: job, files: try await download.save(job, index: index)).show(on: context.console)
            return 0
        }
    }
}

extension Arguments {
    /// The one operand of these commands.
    fileprivate func jobID() throws(UsageError) -> UUID {
        let text = operands.first ?? ""
        guard let id = UUID(text) else {
            throw UsageError("'\(text)' is no job id; expected a UUID such as submit prints", in: command)
        }
        return id
    }
}
