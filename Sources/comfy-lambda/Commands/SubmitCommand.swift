import HTTP
import JSON

/// `comfy-lambda submit`: a job for a deployed API, from a prompt or a workflow file to the files it leaves.
struct SubmitCommand: Command {
    static let syntax = CommandSyntax(
        name: "submit", summary: "Run a job on a deployed API.",
        optionalOperand: "FILE",
        discussion: """
            FILE (- is standard input) is a workflow in ComfyUI's API format, or a whole request: an object with
            "workflow" or "prompt" and the fields beside it. --prompt needs no file. Waits for the end unless
            --no-wait is given; Ctrl-C ends the waiting, not the job (see 'comfy-lambda cancel').
            Exit status 0 when the job is completed (accepted, with --no-wait).

            \(RemoteOptions.discussion)
            """,
        options: RemoteOptions.options + [
            .init("--prompt", .one("TEXT"), "What to draw."),
            .init(
                "--set", .many("FIELD=VALUE"),
                "A field of the request, as JSON or plain text: steps=30, model=a.ckpt;\nmay be repeated. "
                    + "See docs/api.md for the fields."),
            .init(
                "--input", .many("NODE.INPUT=VALUE"),
                "An input of a node, as JSON or plain text: 3.seed=7; may be repeated."),
            .init(
                "--idempotency-key", .one("KEY"), "The same key and request is the same job for 24 hours."),
            .init("--no-wait", .flag, "Return as soon as the job is accepted."),
            .init("--output", .one("DIR"), "Save the job's outputs there. Default: they are not fetched."),
            .json,
        ],
        examples: [
            "comfy-lambda submit --url http://127.0.0.1:8000 --prompt \"a lighthouse\" --output pictures",
            "comfy-lambda submit --set priority=high --input 3.seed=7 workflow.json",
        ])

    let remote: RemoteOptions
    let file: String?
    let fields: JSON.Object
    let inputs: JSON.Object
    let key: String?
    let waits: Bool
    let folder: String?

    init(_ arguments: Arguments) throws(UsageError) {
        remote = try RemoteOptions(arguments)
        file = arguments.operands.first
        var fields: JSON.Object = [:]
        for (name, value) in try arguments.assignments("--set") { fields[name] = Self.value(value) }
        if let prompt = arguments.text("--prompt") { fields["prompt"] = .string(prompt) }
        self.fields = fields
        var inputs: JSON.Object = [:]
        for (name, value) in try arguments.assignments("--input") { inputs[name] = Self.value(value) }
        self.inputs = inputs
        key = arguments.text("--idempotency-key")
        waits = !arguments.flag("--no-wait")
        folder = arguments.text("--output")
        if file == nil, fields["prompt"] == nil {
            throw UsageError("a FILE or --prompt is missing", in: arguments.command)
        }
        if !waits, folder != nil {
            throw UsageError(
                "'--output' waits for the job's end: not with '--no-wait'", in: arguments.command)
        }
    }

    /// As JSON where it is JSON, else the text itself: `30`, `true`, `a.ckpt`.
    private static func value(_ text: String) -> JSON { (try? JSON(parsing: text)) ?? .string(text) }

    func run(_ context: CommandContext) async throws -> Int32 {
        let request = try request()
        let route = request["workflow"] == nil ? "/v1/generate" : "/v1/workflows/execute"
        return try await remote.calling(context) { api in
            let jobs = RemoteJobs(api: api, console: context.console, loop: context.loop)
            let (id, accepted) = try await jobs.submit(.object(request), to: route, idempotencyKey: key)
            guard waits else {
                JobReport(job: accepted).show(on: context.console)
                return 0
            }
            let job = try await jobs.watch(id)
            var report = JobReport(job: job)
            if let folder, job["outputs"]?.array?.isEmpty == false {
                report.files = try await OutputDownload(
                    http: api.http, console: context.console, folder: folder
                )
                .save(job)
            }
            report.show(on: context.console)
            guard job["status"] == "completed" else { throw job.jobFailure }
            return 0
        }
    }

    /// The request's body: what the file says, and over it what the options say.
    func request() throws(CommandFailure) -> JSON.Object {
        var request: JSON.Object = [:]
        if let file {
            let bytes = file == "-" ? try FileSystem.readStandardInput() : try FileSystem.read(file)
            let document: JSON
            do {
                document = try JSON(parsing: bytes)
            } catch {
                throw CommandFailure("\(file) is no JSON: \(error)")
            }
            guard let object = document.object else { throw CommandFailure("\(file) is no JSON object.") }
            // A graph's members are nodes, which are objects with a class.
            let isRequest = object["workflow"]?.object != nil || object["prompt"]?.string != nil
            request = isRequest ? object : ["workflow": document]
        }
        for (name, value) in fields { request[name] = value }
        if !inputs.isEmpty {
            var all = request["inputs"]?.object ?? [:]
            for (name, value) in inputs { all[name] = value }
            request["inputs"] = .object(all)
        }
        return request
    }
}
