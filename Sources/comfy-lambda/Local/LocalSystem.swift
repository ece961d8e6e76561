import AWSClients
import HTTP
import Handlers
import JSON

/// Everything that runs locally around the functions: AWS, ComfyUI, the functions themselves, and what feeds them.
struct LocalSystem: Sendable {
    /// How to set it up.
    struct Options: Sendable {
        var bootstrap: String
        /// Addresses of real ComfyUI servers; none starts the stand-in.
        var comfyUI: [String] = []
        /// Variables of the functions, over those of the stack.
        var environment: [String: String] = [:]
        /// The dispatch function's time limit, when it is not the usual one.
        var dispatchTimeout: Duration?
        /// Between two sweeps: the schedule in `template.yaml` has a minute too.
        var sweepPeriod = Duration.seconds(60)
    }

    let project: Project
    let stack: LocalStack
    let http: HTTPClient
    let aws: AWSClient
    private let moto: LocalService
    let comfyUI: [String]
    /// What every function gets.
    let environment: [String: String]
    private let functions: [HandlerName: LocalFunction]
    private let sweepPeriod: Duration

    /// Starts AWS and ComfyUI side by side and makes the stack; functions start with their first event.
    static func start(_ options: Options, project: Project, children: Children, console: Console) async throws
        -> LocalSystem
    {
        try FileSystem.createFolder(project.localFolder + "/logs")
        async let comfyUI = startComfyUI(options, project, children, console)
        let moto = try await LocalService.aws(
            project, children: children, log: try console.log("moto", in: project))
        let http = HTTPClient(loop: children.loop)
        var environment = LocalStack.clientEnvironment(port: moto.port)
        let aws = AWSClient(http: http, configuration: try .init(environment: environment))
        let stack = try await LocalStack.create(in: aws)
        environment.merge(stack.environment) { $1 }
        let addresses = try await comfyUI
        environment["COMFYUI_URLS"] = addresses.joined(separator: ",")
        environment["AUTH_MODE"] = "none"
        environment.merge(options.environment) { $1 }
        var functions: [HandlerName: LocalFunction] = [:]
        for handler in HandlerName.allCases {
            functions[handler] = LocalFunction(
                handler.definition(
                    bootstrap: options.bootstrap, environment: environment,
                    timeout: handler == .dispatch ? options.dispatchTimeout : nil),
                children: children, log: try console.functionLog(handler.rawValue, in: project))
        }
        return LocalSystem(
            project: project, stack: stack, http: http, aws: aws, moto: moto, comfyUI: addresses,
            environment: environment, functions: functions, sweepPeriod: options.sweepPeriod)
    }

    private static func startComfyUI(
        _ options: Options, _ project: Project, _ children: Children, _ console: Console
    ) async throws -> [String] {
        if !options.comfyUI.isEmpty { return options.comfyUI }
        let service = try await LocalService.comfyUI(
            project, children: children, log: try console.log("comfyui", in: project))
        return ["http://127.0.0.1:\(service.port)"]
    }

    /// Where the local AWS listens.
    var awsPort: Int { moto.port }

    /// One of the functions; every handler has one.
    func function(_ handler: HandlerName) -> LocalFunction {
        guard let function = functions[handler] else {
            preconditionFailure("start() makes a function of every handler")
        }
        return function
    }

    /// Runs `body` while queues and schedule feed the functions. Ends early, with a sentence, when the local AWS does.
    func whileFeeding<T: Sendable>(
        on loop: EventLoop, console: Console, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                await feed(on: loop) { console.note(JobProgress.printable($0)) }
                return nil
            }
            group.addTask { [moto] in
                let status = try await moto.process.exit()
                throw CommandFailure(
                    "The local AWS ended with \(status); its log is \(project.logFile("moto")).")
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    /// Queues and schedule feed the functions until the task is cancelled.
    private func feed(on loop: EventLoop, report: @escaping @Sendable (String) -> Void) async {
        let sqs = SQS(aws)
        let mappings = [
            (stack.work, HandlerName.dispatch), (stack.resume, .dispatch), (stack.notify, .notify),
        ].map { queue, handler in
            EventSourceMapping(queueURL: queue.url, queueARN: queue.arn, function: function(handler))
        }
        let schedule = Schedule(function: function(.sweep), period: sweepPeriod)
        await withTaskGroup { group in
            for mapping in mappings { group.addTask { await mapping.run(sqs, on: loop, report: report) } }
            group.addTask { await schedule.run(on: loop, report: report) }
        }
    }
}

extension HandlerName {
    /// As `template.yaml` deploys it, except that a local dispatch lasts 5 minutes at most.
    func definition(bootstrap: String, environment: [String: String], timeout: Duration? = nil)
        -> FunctionDefinition
    {
        let standard: Duration =
            switch self {
            case .api: .seconds(29)
            case .stream: .seconds(300)
            case .notify: .seconds(30)
            case .sweep: .seconds(55)
            case .dispatch: .seconds(300)
            }
        return FunctionDefinition(
            handler: rawValue, environment: environment, timeout: timeout ?? standard,
            maximumConcurrency: self == .sweep ? 1 : 10, bootstrap: bootstrap)
    }
}
