import BuildInfo
import Glibc
import HTTP
import Synchronization

/// The tool: finds the command, runs it on one event loop, and turns what it throws into a sentence and an exit status.
enum CommandLineTool {
    static let commands: [any Command.Type] = [
        RunCommand.self, ServeCommand.self, InvokeCommand.self, ReplayCommand.self,
        SubmitCommand.self, StatusCommand.self, CancelCommand.self, DownloadCommand.self, SmokeCommand.self,
        KeysCommand.self, AdminCommand.self, DoctorCommand.self,
    ]

    /// As `--help` prints it.
    static var helpText: String {
        """
        Plays the Lambda service locally around the same bootstrap program that AWS runs, and calls an API that is
        deployed.

        Usage: comfy-lambda COMMAND [OPTIONS]

        Commands:

        """ + helpColumns(commands.map { ($0.syntax.name, $0.syntax.summary) }) + """

            Options:

            """
            + helpColumns([
                ("--help", "Show this help, or a command's after its name, and exit."),
                ("--version", "Show the version and what is linked, and exit."),
            ])
    }

    /// Runs a command line, without the program's name, and returns the exit status.
    static func main(_ arguments: [String], environment: [String: String]) -> Int32 {
        do {
            return try dispatch(arguments[...], environment)
        } catch {
            complain("\(error)")
            return 2
        }
    }

    private static func dispatch(_ words: ArraySlice<String>, _ environment: [String: String])
        throws(UsageError) -> Int32
    {
        switch words.first {
        case "--help", "-h", "help":
            print(helpText, terminator: "")
            return 0
        case "--version":
            print(BuildInfo.report("comfy-lambda"), terminator: "")
            return 0
        case nil:
            throw UsageError(
                "a command is missing: \(commands.map { $0.syntax.name }.joined(separator: ", "))")
        case .some(let name):
            guard let command = commands.first(where: { $0.syntax.name == name }) else {
                throw UsageError(
                    name.hasPrefix("-") ? "unknown option '\(name)'" : "unknown command '\(name)'")
            }
            return try run(command, words.dropFirst(), environment)
        }
    }

    private static func run(
        _ type: any Command.Type, _ words: ArraySlice<String>, _ environment: [String: String]
    ) throws(UsageError) -> Int32 {
        let arguments = try type.syntax.parse(words)
        if arguments.asksForHelp {
            print(type.syntax.helpText, terminator: "")
            return 0
        }
        let command = try type.init(arguments)
        let console = Console(
            environment: environment, isVerbose: arguments.flag(CommandSyntax.Option.verbose.name),
            isJSON: arguments.flag(CommandSyntax.Option.json.name))
        // A reader that went away is a failed write, not the end of this process with its children still running.
        signal(SIGPIPE, SIG_IGN)
        let loop = EventLoop()
        do {
            return try loop.run {
                await execute(command, CommandContext(loop: loop, console: console, environment: environment))
            }
        } catch {
            complain("\(error)")
            return 1
        }
    }

    /// Ctrl-C, `kill`, and a terminal that was closed.
    private static let endingSignals = [SIGINT, SIGTERM, SIGHUP]

    private static func execute<C: Command>(_ command: C, _ context: CommandContext) async -> Int32 {
        let (loop, console) = (context.loop, context.console)
        let interruption = Interruption()
        unblockSignals()
        let work = loop.task { try await command.run(context) }
        for signal in endingSignals {
            loop.onSignal(signal) {
                // Whoever asks twice does not want to wait; the kernel then ends the children with us.
                if interruption.note(signal) > 1 { _exit(128 + signal) }
                work.cancel()
            }
        }
        do {
            return try await work.value
        } catch {
            console.showStatus("")
            if let signal = interruption.signal {
                if C.endsBySignal { return 0 }
                complain("comfy-lambda \(C.syntax.name): interrupted")
                return 128 + signal
            }
            let failure = error as? CommandFailure
            complain("comfy-lambda \(C.syntax.name): \(failure?.message ?? "\(error)")")
            return failure?.status ?? 1
        }
    }

    /// A parent with threads may have started this process with all signals blocked.
    private static func unblockSignals() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for signal in endingSignals { unsafe sigaddset(&signals, signal) }
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    private static func complain(_ text: String) {
        FileSystem.writeAll(Array((text + "\n").utf8), to: 2)
    }
}

/// Which signal asked the command to end, and how often one did.
private final class Interruption: Sendable {
    private let state = Mutex((count: 0, signal: Int32(0)))

    func note(_ signal: Int32) -> Int {
        state.withLock { state in
            state.count += 1
            if state.count == 1 { state.signal = signal }
            return state.count
        }
    }

    var signal: Int32? { state.withLock { $0.count > 0 ? $0.signal : nil } }
}
