import HTTP
import Handlers
import JSON
import LambdaRuntime
import LocalServer
import Time

/// `comfy-lambda serve`: the local system, kept up.
struct ServeCommand: Command {
    static let syntax = CommandSyntax(
        name: "serve", summary: "Keep the local system up, with the API on a loopback port.",
        discussion: """
            Starts a local AWS (moto) and the stand-in for ComfyUI, or uses the ComfyUI servers that COMFYUI_URLS
            names. HTTP requests become Lambda events for the api function; SQS messages and the schedule reach the
            other functions as Lambda would deliver them. While it is up, .local/serve.env holds the variables of the
            functions, for 'comfy-lambda invoke --env-file'. Ctrl-C ends it.
            """,
        options: [
            .init("--port", .one("PORT"), "Where the API listens; 0 takes a free port. Default: 8000."),
            .init(
                "--event-format", .one("FORMAT"),
                "http (HTTP API, version 2.0), rest (REST API, version 1.0)\nor alb (load balancer). Default: http."
            ),
            .init(
                "--dispatch-timeout", .one("SECONDS"),
                "The dispatch function's time limit. Default: 300."),
            .init("--sweep-every", .one("SECONDS"), "The schedule of the sweep function. Default: 60."),
            .env, .envFile, .bootstrap, .state, .json, .verbose,
        ],
        examples: [
            "comfy-lambda serve --port 8080",
            "curl -d '{\"prompt\":\"a lighthouse\"}' http://127.0.0.1:8080/v1/generate",
        ])

    static var endsBySignal: Bool { true }

    let port: Int
    let format: HTTPEventFormat
    let variables: FunctionVariables
    let bootstrap: String?
    let state: String?
    let dispatchTimeout: Duration
    let sweepPeriod: Duration

    init(_ arguments: Arguments) throws(UsageError) {
        port = try arguments.integer("--port", 8000, in: 0...65_535)
        format =
            try arguments.choice(
                "--event-format",
                ["http": HTTPEventFormat.httpAPI, "rest": .restAPI, "alb": .applicationLoadBalancer])
            ?? .httpAPI
        variables = try FunctionVariables(arguments)
        bootstrap = arguments.text("--bootstrap")
        state = arguments.text("--state")
        dispatchTimeout = .seconds(try arguments.integer("--dispatch-timeout", 300, in: 3...900))
        sweepPeriod = .seconds(try arguments.integer("--sweep-every", 60, in: 1...3600))
    }

    func run(_ context: CommandContext) async throws -> Int32 {
        let (loop, console) = (context.loop, context.console)
        let project = try Project(state: state)
        let options = LocalSystem.Options(
            bootstrap: try Project.bootstrap(bootstrap), comfyUI: context.comfyUI,
            environment: try variables.read(), dispatchTimeout: dispatchTimeout, sweepPeriod: sweepPeriod)
        // The port comes first: nothing is started for an address that is taken. Early requests wait for the rest.
        let front = Promise<APIFront>()
        let server = try listen(loop, front)
        defer { server.stop() }
        return try await Children.during(on: loop) { children in
            console.showStatus("Starting the local AWS and ComfyUI …")
            let system = try await LocalSystem.start(
                options, project: project, children: children, console: console)
            console.showStatus("")
            let environmentFile = project.localFolder + "/serve.env"
            try FileSystem.write(Self.lines(system.environment), to: environmentFile)
            defer { FileSystem.remove(environmentFile) }
            front.fulfill(
                APIFront(
                    function: system.function(.api), stream: system.function(.stream), format: format,
                    loop: loop,
                    report: { console.note(JobProgress.printable($0)) },
                    onExchange: { method, target, status, duration in
                        let time = Quantity.time(milliseconds: Int(duration.milliseconds))
                        console.note("\(method) \(JobProgress.printable(target)) \(status) \(time)")
                    }))
            announce(system, port: server.port, environmentFile: environmentFile, on: console)
            return try await system.whileFeeding(on: loop, console: console) {
                try await Promise<Int32>().value()
            }
        }
    }

    private func listen(_ loop: EventLoop, _ front: Promise<APIFront>) throws(CommandFailure) -> HTTPServer {
        do {
            return try HTTPServer(port: port, on: loop, bodyLimit: APIFront.bodyLimit(format)) { request in
                guard let front = try? await front.value() else { return ServerResponse(status: 503) }
                return await front.answer(request)
            }
        } catch {
            throw CommandFailure("\(error) Choose another with --port, or --port 0 for a free one.")
        }
    }

    private static func lines(_ variables: [String: String]) -> [UInt8] {
        Array(variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined().utf8)
    }

    private func announce(_ system: LocalSystem, port: Int, environmentFile: String, on console: Console) {
        let address = "http://127.0.0.1:\(port)"
        if console.isJSON {
            let document: JSON = [
                "event": "ready", "port": .number(port), "url": .string(address),
                "event_format": .string(format.rawValue),
                "aws": .string("http://127.0.0.1:\(system.awsPort)"),
                "comfyui": .array(system.comfyUI.map { .string($0) }),
                "env_file": .string(environmentFile),
            ]
            return console.print(document.text)
        }
        let rows = [
            ["  API", address, "\(format.label) events"],
            ["  AWS", "http://127.0.0.1:\(system.awsPort)", "S3, DynamoDB, SNS and SQS by moto"],
            ["  ComfyUI", system.comfyUI.joined(separator: ", "), ""],
            ["  Logs", system.project.localFolder + "/logs", ""],
        ]
        console.print(
            """
            \(console.output.paint("comfy-lambda is up.", .bold)) Ctrl-C ends it.

            \(Table(rows: rows).rendered(console.output))

              curl -d '{"prompt":"a lighthouse"}' \(address)/v1/generate

            """)
    }
}

extension HTTPEventFormat {
    /// For people.
    fileprivate var label: String {
        switch self {
        case .httpAPI: "HTTP API (2.0)"
        case .restAPI: "REST API (1.0)"
        case .functionURL: "function URL"
        case .applicationLoadBalancer, .applicationLoadBalancerMultiValue: "load balancer"
        }
    }
}
