import HTTP
import Handlers
import JSON
import Time

/// `comfy-lambda replay`: a folder of recorded events in order, against one local system.
struct ReplayCommand: Command {
    static let syntax = CommandSyntax(
        name: "replay", summary: "Run a folder of recorded events in the order of their names.",
        operands: ["DIR"],
        discussion: """
            Runs every .json file of the folder through the real program, one after the other, against one local
            system that stays warm. A file's handler is the one in its name (02-dispatch-doorbell.json), else the one
            that its shape fits. Queues and schedule are not running: what is delivered is what the folder holds.
            Exit status 1 when a function failed.
            """,
        options: [
            .init("--handler", .one("NAME"), "The handler of every event."),
            .init("--timeout", .one("SECONDS"), "The functions' time limit. Default: the deployed ones."),
            .env, .envFile, .bootstrap, .state, .json, .verbose,
        ],
        examples: ["comfy-lambda replay dev/events/session"])

    let folder: String
    let handler: HandlerName?
    let timeout: Duration?
    let variables: FunctionVariables
    let bootstrap: String?
    let state: String?

    init(_ arguments: Arguments) throws(UsageError) {
        folder = arguments.operands[0]
        handler = try arguments.handler()
        timeout = try arguments.functionTimeout()
        variables = try FunctionVariables(arguments)
        bootstrap = arguments.text("--bootstrap")
        state = arguments.text("--state")
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        let events = try readEvents()
        let host = try FunctionHost(
            bootstrap: Project.bootstrap(bootstrap), variables: variables.read(), timeout: timeout,
            state: state)
        let console = context.console
        return try await Children.during(on: context.loop) { children in
            let functions = try await host.start(context, children)
            var results: [(name: String, result: FunctionHost.Result)] = []
            for (name, handler, bytes) in events {
                console.showStatus("\(results.count + 1) of \(events.count): \(name)")
                results.append((name, try await functions.invoke(handler, bytes)))
            }
            console.showStatus("")
            show(results, on: console)
            let hasFailed = results.contains { if case .failure = $0.result.outcome { true } else { false } }
            return hasFailed ? 1 : 0
        }
    }

    /// All of them, before anything is started.
    private func readEvents() throws(CommandFailure) -> [(name: String, handler: HandlerName, bytes: [UInt8])]
    {
        var events: [(name: String, handler: HandlerName, bytes: [UInt8])] = []
        for name in try FileSystem.names(in: folder) where name.hasSuffix(".json") {
            let bytes = try FileSystem.read(folder + "/" + name)
            guard let handler = handler ?? RecordedEvent.handler(of: bytes, name: name) else {
                throw CommandFailure(
                    "\(folder)/\(name) does not show which handler takes it. Put its name into the file's, "
                        + "as in 01-api-\(name), or name one with --handler.")
            }
            events.append((name, handler, bytes))
        }
        if events.isEmpty { throw CommandFailure("There is no .json file in \(folder).") }
        return events
    }

    private func show(_ results: [(name: String, result: FunctionHost.Result)], on console: Console) {
        if console.isJSON {
            let documents = results.map { name, result in
                var document = result.document.object ?? [:]
                document["event"] = .string(name)
                return JSON.object(document)
            }
            return console.print(JSON.array(documents).text)
        }
        let rows = results.map { name, result in
            [
                name, result.handler.rawValue, Self.summary(result.outcome),
                Quantity.time(milliseconds: Int(result.duration.milliseconds)),
            ]
        }
        let table = Table(header: ["Event", "Handler", "Outcome", "Time"], rows: rows, rightAligned: [3])
        console.print(table.rendered(console.output))
    }

    /// An HTTP status with the error's code, the failed messages of a batch, or a function error.
    static func summary(_ outcome: InvocationOutcome) -> String {
        switch outcome {
        case .failure(let failure): return "function error: \(JobProgress.printable(failure.description))"
        case .response(let bytes):
            guard let json = try? JSON(parsing: bytes) else { return "\(bytes.count) bytes" }
            if let status = json["statusCode"]?.int {
                let body = (json["body"]?.string).flatMap { try? JSON(parsing: $0) }
                return (["\(status)"] + [body?["error"]?["code"]?.string].compactMap(\.self))
                    .joined(separator: " ")
            }
            if let failures = json["batchItemFailures"]?.array {
                return failures.isEmpty ? "all delivered" : "\(failures.count) put back"
            }
            return "done"
        }
    }
}
