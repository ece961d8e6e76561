import Glibc
import HTTP
import TestSupport

/// The tool of the release build and the packaged function, driven as a user drives them.
enum Program {
    /// The cloned folder.
    static let project: String = {
        let parts = Fixtures.folder.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return parts.joined(separator: "/")
    }()
    static let tool = project + "/.build/release/comfy-lambda"
    /// What is deployed, not the dynamically linked one beside the tool.
    static let bootstrap = project + "/.build/lambda/bootstrap"
    /// Names of an AWS that is not there: enough for a function to start.
    static let exampleVariables = [
        "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
        "TABLE_NAME": "table", "BUCKET_NAME": "bucket",
        "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:topic",
        "WORK_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/work",
        "RESUME_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/resume",
    ]
    private static let commandsWithFunctions = ["run", "serve", "invoke", "replay"]

    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts the tool. It sees these variables and no others.
    static func start(
        _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = [],
        in folder: String? = nil,
        program: String = tool
    ) throws -> ChildProcess {
        guard unsafe access(tool, X_OK) == 0, unsafe access(bootstrap, X_OK) == 0 else {
            throw Missing(description: "There is no release build: run `make build package` first.")
        }
        let variables = environment.merging(["PATH": "/usr/bin:/bin"]) { given, _ in given }
        let place = folder.map { ["/usr/bin/env", "-C", $0] } ?? []
        // A test run that is killed in the middle leaves nothing behind for long.
        var words = place + ["timeout", "--foreground", "150", program] + arguments
        if program == tool, Self.commandsWithFunctions.contains(arguments[0]),
            !arguments.contains("--bootstrap"), !arguments.contains("--help")
        {
            words += ["--bootstrap", bootstrap]
        }
        return try ChildProcess(
            words[0], Array(words.dropFirst()), environment: variables, standardInput: input)
    }

    /// What a finished command left.
    struct Result: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs the tool to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = [],
        in folder: String? = nil,
        program: String = tool
    ) async throws -> Result {
        let process = try start(
            arguments, environment: environment, input: input, in: folder, program: program)
        let status = await process.exit()
        return Result(status: status, output: process.standardOutput, errors: process.standardError)
    }
}

/// The tests' own loop and client.
enum Network {
    static let loop = EventLoop.onNewThread()
    static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.proxies = ProxySettings()
        return HTTPClient(loop: loop, configuration: configuration)
    }()
}

/// What was waited for did not come.
struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// Asks again and again until there is an answer.
@discardableResult
func eventually<T>(
    _ what: String, within limit: Duration = .seconds(40), every pause: Duration = .milliseconds(100),
    _ ask: () async throws -> T?
) async throws -> T {
    let end = ContinuousClock.now + limit
    while true {
        if let answer = try await ask() { return answer }
        if ContinuousClock.now > end { throw TimedOut(description: "\(what): not within \(limit)") }
        try await Network.loop.sleep(for: pause)
    }
}
