import Glibc
public import HTTP
import JSON
import Telemetry

/// The custom runtime: what `bootstrap` is.
public enum LambdaRuntime {
    /// How long after SIGTERM a running invocation may still end: Lambda kills the process soon after.
    static let grace: Duration = .milliseconds(300)

    /// Reads `AWS_LAMBDA_RUNTIME_API` and its like from `environment`, makes the handler (what it throws is reported to
    /// `/init/error`), and handles invocations until SIGTERM comes or the Runtime API is gone.
    ///
    /// - Returns: the process's exit status: 0 after SIGTERM, 1 after an init error or when the Runtime API is lost.
    public static func run(
        on loop: EventLoop, environment: [String: String],
        makeHandler: @escaping @Sendable () async throws -> any InvocationHandler
    ) async -> Int32 {
        Allocator.keepFreedMemory()
        configureLog(environment)
        let settings: Result<RuntimeSettings, FunctionError>
        do { settings = .success(try RuntimeSettings(environment)) } catch { settings = .failure(error) }
        let concurrency = (try? settings.get().concurrency) ?? 1
        let http = client(on: loop, concurrency: concurrency)
        guard let address = environment["AWS_LAMBDA_RUNTIME_API"], !address.isEmpty,
            let api = RuntimeAPIClient(http: http, address: address)
        else {
            Log.log(
                .fatal,
                "AWS_LAMBDA_RUNTIME_API is not set to a host and port: this program is started by Lambda, or by 'comfy-lambda' for local use"
            )
            return 1
        }
        do {
            let settings = try settings.get()
            try configureMetrics(environment)
            let handler = try await makeHandler()
            if settings.registersExtension { await ShutdownExtension.start(http, address: address) }
            let shared = RuntimeLoop.Shared(
                api, handler, on: loop, concurrency: concurrency, margin: settings.deadlineMargin)
            return await serve(shared) { loop.onSignal(SIGTERM, $0) }
        } catch {
            let failure = FunctionError(error)
            Log.log(
                .fatal, "init failed",
                ["errorType": .string(failure.type), "errorMessage": .string(failure.message)])
            try? await api.failInit(failure)
            return 1
        }
    }

    /// Runs the loops until one of them finds that the process has to end, or until SIGTERM: `onTermination` takes what is
    /// to be done then, on the loop.
    static func serve(
        _ shared: RuntimeLoop.Shared, onTermination: (@escaping @Sendable () -> Void) -> Void
    ) async -> Int32 {
        let loop = shared.loop
        let (ends, end) = AsyncStream.makeStream(of: LoopEnd.self)
        let loops = (0..<shared.concurrency).map { _ in RuntimeLoop(shared) }
        let tasks = loops.map { runtimeLoop in
            loop.task {
                do throws(RuntimeAPIError) {
                    try await runtimeLoop.run()
                    end.yield(.stopped)
                } catch {
                    let isRunaway = error.kind == .runaway
                    Log.log(
                        .fatal, isRunaway ? "the process ends" : "the Runtime API is gone",
                        ["error": .string(error.description)])
                    end.yield(.lost)
                }
            }
        }
        onTermination {
            Log.info("SIGTERM: no further invocation is taken")
            for (runtimeLoop, task) in zip(loops, tasks) {
                runtimeLoop.stop()
                if runtimeLoop.isIdle { task.cancel() }
            }
            loop.task {
                try? await loop.sleep(for: grace)
                end.yield(.graceIsOver)
            }
        }
        var running = shared.concurrency
        for await one in ends {
            switch one {
            case .lost: return 1
            case .graceIsOver: return 0
            case .stopped:
                running -= 1
                if running == 0 { return 0 }
            }
        }
        return 0
    }

    private enum LoopEnd: Sendable { case stopped, lost, graceIsOver }

    private static func client(on loop: EventLoop, concurrency: Int) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.maximumConnections = 2 * concurrency + 8
        configuration.proxies = ProxySettings()
        // The Runtime API wants none, and each line of a request costs time in every invocation.
        configuration.userAgent = nil
        return HTTPClient(loop: loop, configuration: configuration)
    }

    private static func configureLog(_ environment: [String: String]) {
        let level = environment["AWS_LAMBDA_LOG_LEVEL"].flatMap { Log.Level(name: $0) } ?? .info
        let isText = environment["AWS_LAMBDA_LOG_FORMAT"]?.lowercased() == "text"
        Log.configure(level: level, format: isText ? .text : .json)
    }

    /// Metrics are off unless a namespace is named; the variable is that of AWS's own libraries for the format.
    private static func configureMetrics(_ environment: [String: String]) throws(FunctionError) {
        guard let namespace = environment["AWS_EMF_NAMESPACE"], !namespace.isEmpty else { return }
        var dimensions: [String: String] = [:]
        if let name = environment["AWS_LAMBDA_FUNCTION_NAME"], !name.isEmpty {
            dimensions["FunctionName"] = name
        }
        do throws(Metrics.Invalid) {
            try Metrics.configure(namespace: namespace, dimensions: dimensions)
        } catch {
            throw FunctionError(
                type: "Runtime.InvalidEnvironment", message: "AWS_EMF_NAMESPACE: \(error.description)")
        }
    }
}
