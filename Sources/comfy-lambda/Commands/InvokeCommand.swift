import HTTP
import Handlers
import JSON
import Time

/// `comfy-lambda invoke`: one recorded event through the real program.
struct InvokeCommand: Command {
    static let syntax = CommandSyntax(
        name: "invoke", summary: "Run one recorded event and print the function's answer.",
        discussion: """
            Starts the bootstrap program behind a local Runtime API, gives it the event, and prints its answer. The
            function sees Lambda's variables and those given here, nothing else. Unless they name a table
            (TABLE_NAME), a local AWS and the stand-in for ComfyUI are started for it. Exit status 1 when the
            function fails, with its error on standard error.
            """,
        options: [
            .init(
                "--handler", .one("NAME"),
                "\(HandlerName.allCases.map(\.rawValue).joined(separator: ", ")).\nDefault: by the shape of the event."
            ),
            .init("--event", .one("FILE"), "The event; - reads standard input. Required."),
            .init("--timeout", .one("SECONDS"), "The function's time limit. Default: the deployed one."),
            .env, .envFile, .bootstrap, .state, .json, .verbose,
        ],
        examples: [
            "comfy-lambda invoke --handler api --event dev/events/generate.json",
            "comfy-lambda invoke --handler api --event - --env-file .local/serve.env < event.json",
        ])

    let handler: HandlerName?
    let event: String
    let timeout: Duration?
    let variables: FunctionVariables
    let bootstrap: String?
    let state: String?

    init(_ arguments: Arguments) throws(UsageError) {
        handler = try arguments.handler()
        guard let event = arguments.text("--event") else {
            throw UsageError("option '--event' is missing", in: arguments.command)
        }
        self.event = event
        timeout = try arguments.functionTimeout()
        variables = try FunctionVariables(arguments)
        bootstrap = arguments.text("--bootstrap")
        state = arguments.text("--state")
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        let console = context.console
        let bytes = event == "-" ? try FileSystem.readStandardInput() : try FileSystem.read(event)
        guard let handler = handler ?? RecordedEvent.handler(of: bytes, name: event) else {
            throw CommandFailure(
                "\(event) does not show which handler takes it. Name one with --handler.", status: 2)
        }
        let host = try FunctionHost(
            bootstrap: Project.bootstrap(bootstrap), variables: variables.read(), timeout: timeout,
            state: state)
        return try await Children.during(on: context.loop) { children in
            let functions = try await host.start(context, children)
            let result = try await functions.invoke(handler, bytes)
            if console.isJSON {
                console.print(result.document.text)
            } else if case .response(let answer) = result.outcome {
                console.print(Self.readable(answer, pretty: console.output.isTerminal))
            }
            guard case .failure(let failure) = result.outcome else { return 0 }
            console.note(
                "\(console.errors.paint("function error", .red)) \(JobProgress.printable(failure.description))"
            )
            return 1
        }
    }

    private static func readable(_ answer: [UInt8], pretty: Bool) -> String {
        guard pretty, let json = try? JSON(parsing: answer) else {
            return String(decoding: answer, as: UTF8.self)
        }
        return json.prettyText
    }
}

extension Arguments {
    /// `--handler`.
    func handler() throws(UsageError) -> HandlerName? {
        guard let name = text("--handler") else { return nil }
        guard let handler = HandlerName(rawValue: name) else {
            let names = HandlerName.allCases.map(\.rawValue).joined(separator: ", ")
            throw UsageError("option '--handler' is '\(name)'; expected one of \(names)", in: command)
        }
        return handler
    }

    /// `--timeout`, within Lambda's own limits.
    func functionTimeout() throws(UsageError) -> Duration? {
        guard text("--timeout") != nil else { return nil }
        return .seconds(try integer("--timeout", 30, in: 1...900))
    }
}
