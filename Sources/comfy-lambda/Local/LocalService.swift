import Glibc
import HTTP

/// A server in a child process that says on one of its lines where it listens.
struct LocalService: Sendable {
    let process: ChildProcess
    let port: Int

    /// Starts it and waits for `readiness` to find a port in one of its lines. Its further lines go to `log`.
    static func start(
        _ name: String, _ launch: ChildProcess.Launch, logFile: String, children: Children,
        timeout: Duration = .seconds(30), log: @escaping @Sendable (String) -> Void,
        readiness: @escaping @Sendable (String) -> Int?
    ) async throws -> LocalService {
        let ready = Promise<Int?>()
        let process = try await children.start(launch) { line in
            log(line.text)
            if let port = readiness(line.text) { ready.fulfill(port) }
        }
        children.loop.task {
            _ = try await process.exit()
            ready.fulfill(nil)
        }
        do {
            let port = try await withDeadline(timeout, on: children.loop) { try await ready.value() }
            if let port { return LocalService(process: process, port: port) }
            throw CommandFailure(
                "\(name) ended at its start with \(try await process.exit()). Its last words are in \(logFile); "
                    + "'make setup' mends the Python environment.")
        } catch is DeadlineExceeded {
            throw CommandFailure(
                "\(name) did not say within \(timeout) that it is ready. Its log is \(logFile).")
        }
    }
}

extension LocalService {
    /// The variables that a Python program of ours gets.
    private static func pythonEnvironment(_ project: Project) -> [String: String] {
        [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1", "HOME": project.localFolder,
        ]
    }

    /// AWS in one process: moto's server. Its signature checking stays off: while it is on it answers 500 to every presigned address.
    static func aws(_ project: Project, children: Children, log: @escaping @Sendable (String) -> Void)
        async throws -> LocalService
    {
        let launch = ChildProcess.Launch(
            program: try project.python(), arguments: [project.folder + "/dev/local_aws.py"],
            environment: pythonEnvironment(project))
        return try await start(
            "The local AWS (moto)", launch, logFile: project.logFile("moto"), children: children, log: log,
            readiness: readyPort)
    }

    /// The stand-in for ComfyUI in `dev/`, slow enough that one sees it work.
    static func comfyUI(
        _ project: Project, children: Children, log: @escaping @Sendable (String) -> Void
    ) async throws -> LocalService {
        var environment = pythonEnvironment(project)
        environment["PYTHONPATH"] = project.folder + "/dev"
        let launch = ChildProcess.Launch(
            program: try project.python(),
            arguments: ["-m", "comfyui_standin", "--port", "0", "--step-ms", "150"],
            environment: environment)
        return try await start(
            "The stand-in for ComfyUI", launch, logFile: project.logFile("comfyui"), children: children,
            log: log, readiness: readyPort)
    }
}
