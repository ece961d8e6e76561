import Glibc
import HTTP
import LocalServer

/// One `bootstrap` process, with the Runtime API it talks to: Lambda's execution environment.
final class ExecutionEnvironment: Sendable {
    private let api: RuntimeAPI
    private let server: HTTPServer
    private let process: ChildProcess
    /// Fulfilled when the process is to be killed.
    private let doomed = Promise<Void>()
    /// Of the init phase (docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
    static let initTimeout = Duration.seconds(10)

    /// Starts the process; `log` gets its lines.
    init(
        of function: FunctionDefinition, instance: Int, children: Children,
        log: @escaping @Sendable (ChildProcess.Line) -> Void
    ) async throws {
        let loop = children.loop
        let api = RuntimeAPI(for: function, on: loop) { [doomed] in doomed.fulfill(()) }
        server = try HTTPServer(on: loop, receiver: { api.receiver(of: $0) }) { await api.answer($0) }
        self.api = api
        let launch = ChildProcess.Launch(
            program: function.bootstrap,
            environment: function.processEnvironment(
                runtimeAPI: "127.0.0.1:\(server.port)", instance: instance))
        do {
            process = try await children.start(launch, onLine: log)
        } catch {
            server.stop()
            throw error
        }
        watch(loop)
    }

    private func watch(_ loop: EventLoop) {
        let (api, process, server, doomed) = (api, process, server, doomed)
        let killer = loop.task {
            try await doomed.value()
            process.signal(SIGKILL)
        }
        let initTimer = loop.task {
            do {
                _ = try await withDeadline(Self.initTimeout, on: loop) { try await api.started.value() }
            } catch is DeadlineExceeded {
                await api.initFailed(
                    FunctionFailure(
                        type: "Sandbox.Timedout", message: "Init timed out after \(Self.initTimeout)"))
                doomed.fulfill(())
            }
        }
        loop.task {
            let status = try await process.exit()
            killer.cancel()
            initTimer.cancel()
            await api.runtimeEnded(status)
            server.stop()
        }
    }

    /// Runs one invocation at a time; a stream goes on after this returns.
    func run(_ invocation: Invocation) async throws -> InvocationAnswer {
        try await api.run(invocation)
    }

    /// False once its process has ended, is about to be killed, or could not set up its handler; it is then good for nothing.
    var isUsable: Bool {
        !process.hasEnded && doomed.current == nil && (api.started.current ?? nil) == nil
    }

    /// Ends the process in good order.
    func stop() async { await process.terminate() }
}
