import Glibc
public import HTTP

/// AWS's own Lambda emulator (`aws-lambda-rie`, the program inside AWS's container images) around one bootstrap, on free loopback ports.
///
/// It plays Lambda in one of two ways. Without `concurrency` as for an ordinary function: one invocation at a time, and a process that
/// ends or times out is started anew. With it as for Lambda Managed Instances: so many invocations at once, `Lambda-Runtime-Invocation-Id`
/// given and checked, the response mode and error trailers of a streamed answer passed on. Neither streams to its caller: an answer is
/// given whole once it is complete.
public final class Emulator: Sendable {
    /// It did not start, or did not answer.
    public struct Failure: Error, CustomStringConvertible {
        /// What was tried, and the emulator's own words.
        public let description: String
    }

    /// What an invocation was answered with.
    public struct Answer: Sendable {
        /// 200, also of a function's error; 502 when the process ended. Of Managed Instances also other codes.
        public var status: Int
        /// Of the answer.
        public var headers: HTTPHeaders
        /// The function's own bytes, or an error document.
        public var body: [UInt8]
        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    private let process: ChildProcess
    private let address: URL

    /// The program that `make setup` has fetched.
    public static let program = StandIn.root + "/.venv/bin/aws-lambda-rie"

    /// Whether `concurrency` can be given: the emulator then wants to change the user of its child, and a folder /var/task.
    public static let playsManagedInstances = getuid() == 0

    /// Starts the emulator and waits until it listens. It starts the bootstrap at the first invocation.
    /// - Parameter bootstrap: the program to run, with its arguments.
    /// - Parameter handler: what `_HANDLER` says.
    /// - Parameter environment: the bootstrap's other variables; the test's own are not passed on.
    /// - Parameter timeout: the function's, in seconds.
    /// - Parameter concurrency: invocations at once, as Lambda Managed Instances have them; see `playsManagedInstances`.
    public init(
        _ bootstrap: [String], handler: String = "", environment: [String: String] = [:], timeout: Int = 10,
        concurrency: Int? = nil
    ) async throws {
        guard unsafe access(Self.program, X_OK) == 0 else {
            throw Failure(description: "There is no \(Self.program): run `make setup` first.")
        }
        var variables = [
            "PATH": "/usr/bin:/bin", "_HANDLER": handler, "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "\(timeout)", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        ]
        variables["AWS_LAMBDA_MAX_CONCURRENCY"] = concurrency.map { "\($0)" }
        variables.merge(environment) { $1 }
        var attempt = 0
        while true {
            let ports = try LoopbackPorts.free(2)
            let options = [
                "--runtime-interface-emulator-address", "127.0.0.1:\(ports[0])",
                "--runtime-api-address", "127.0.0.1:\(ports[1])",
            ]
            // A test run that is killed in the middle leaves nothing behind for long.
            var command = ["timeout", "--foreground", "120"]
            command += concurrency == nil ? [] : Self.privateTaskFolder(for: bootstrap[0])
            command += [Self.program] + options + bootstrap
            let process = try ChildProcess(
                command[0], Array(command.dropFirst()), environment: variables)
            if try await Self.listens(ports[0], process) {
                guard let url = URL("http://127.0.0.1:\(ports[0])/2015-03-31/functions/function/invocations")
                else { preconditionFailure("an address made of a number") }
                self.process = process
                address = url
                return
            }
            attempt += 1
            // Another process may have taken one of the ports meanwhile.
            if attempt == 3 {
                throw Failure(
                    description: "the emulator does not listen; it said: \(process.standardError.suffix(600))"
                )
            }
        }
    }

    deinit { process.terminate() }

    /// Invokes the function with an event and waits for the answer.
    ///
    /// As Managed Instances it refuses an event for which no loop of the process waits yet or any more: then again, for 5 seconds.
    public func invoke(_ event: [UInt8], headers: HTTPHeaders = [:]) async throws -> Answer {
        var request = HTTPClient.Request(.post, address, headers: headers, body: .bytes(event))
        request.responseLimit = 16 << 20
        request.timeouts.idle = nil
        let http = Self.http
        let response = try await http.loop.task { [request] in
            for _ in 0..<500 {
                let response = try await http.send(request)
                if response.headers["error-type"] != "Runtime.Unavailable" { return response }
                try await http.loop.sleep(for: .milliseconds(10))
            }
            return try await http.send(request)
        }.value
        return Answer(status: response.status, headers: response.headers, body: response.body)
    }

    /// The same with a text.
    public func invoke(_ event: String, headers: HTTPHeaders = [:]) async throws -> Answer {
        try await invoke(Array(event.utf8), headers: headers)
    }

    /// What the function has printed on both its streams so far, between the emulator's START, END and REPORT lines.
    public var functionOutput: String { process.standardOutput }

    /// How often a bootstrap was started so far.
    public var starts: Int {
        process.standardError.split(separator: "\n").count { line in
            line.hasSuffix("INIT START(type: on-demand, phase: init)")
                || line.hasSuffix("INIT START(type: on-demand, phase: invoke)")
        }
    }

    /// Waits until the function has printed this; false when the emulator ended without.
    public func hasPrinted(_ text: String) async -> Bool { await process.hasPrinted(text) }

    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.proxies = ProxySettings()
        return HTTPClient(loop: EventLoop.onNewThread(), configuration: configuration)
    }()

    private static func listens(_ port: Int, _ process: ChildProcess) async throws -> Bool {
        let loop = http.loop
        return try await loop.task {
            for _ in 0..<1000 where !process.hasEnded {
                if LoopbackPorts.isListening(port) { return true }
                try await loop.sleep(for: .milliseconds(10))
            }
            return false
        }.value
    }

    /// Playing Managed Instances, the emulator starts /var/task/bootstrap whatever it is told: it gets a /var of its own.
    private static func privateTaskFolder(for bootstrap: String) -> [String] {
        let script = #"""
            mount -t tmpfs tmpfs /var && mkdir /var/task && cp "$0" /var/task/bootstrap && exec "$@"
            """#
        return ["unshare", "--mount", "sh", "-c", script, bootstrap]
    }
}
