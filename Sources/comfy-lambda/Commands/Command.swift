import HTTP

/// One of the tool's commands.
protocol Command: Sendable {
    static var syntax: CommandSyntax { get }
    /// Reads its options; throws what the user wrote wrongly.
    init(_ arguments: Arguments) throws(UsageError)
    /// Does the work and returns the exit status. Cancelled on SIGINT, SIGTERM and SIGHUP.
    func run(_ context: CommandContext) async throws -> Int32
    /// Whether a signal is the ordinary way to end it, with status 0.
    static var endsBySignal: Bool { get }
}

extension Command {
    static var endsBySignal: Bool { false }
}

/// What a command works with.
struct CommandContext: Sendable {
    let loop: EventLoop
    let console: Console
    /// This process's own variables.
    let environment: [String: String]

    /// Addresses of real ComfyUI servers, from `COMFYUI_URLS`.
    var comfyUI: [String] {
        (environment["COMFYUI_URLS"] ?? "").split(separator: ",").map { String($0.trimmingSpaces) }
            .filter { !$0.isEmpty }
    }
}

extension CommandSyntax.Option {
    static let bootstrap = Self(
        "--bootstrap", .one("PATH"), "The bootstrap program to run.\nDefault: the one beside comfy-lambda.")
    static let state = Self(
        "--state", .one("DIR"),
        "Where logs, outputs and serve.env go.\nDefault: .local in comfy-lambda's folder.")
    static let verbose = Self("--verbose", .flag, "Show the functions' and servers' logs too.")
    static let json = Self("--json", .flag, "Write one JSON document to standard output.")
    static let env = Self(
        "--env", .many("NAME=VALUE"), "A variable of the function; may be repeated.")
    static let envFile = Self("--env-file", .one("FILE"), "Variables of the function, one NAME=VALUE a line.")
}

/// Variables for the functions from `--env-file` and `--env`; the latter win.
struct FunctionVariables: Sendable {
    private let file: String?
    private let assignments: [(name: String, value: String)]

    init(_ arguments: Arguments) throws(UsageError) {
        file = arguments.text(CommandSyntax.Option.envFile.name)
        assignments = try arguments.assignments(CommandSyntax.Option.env.name)
    }

    func read() throws(CommandFailure) -> [String: String] {
        var variables: [String: String] = [:]
        if let file {
            let text = String(decoding: try FileSystem.read(file, limit: 1 << 20), as: UTF8.self)
            do {
                for (name, value) in try EnvironmentFile.parse(text) { variables[name] = value }
            } catch {
                throw CommandFailure("\(file): \(error)", status: 2)
            }
        }
        for (name, value) in assignments { variables[name] = value }
        return variables
    }
}
