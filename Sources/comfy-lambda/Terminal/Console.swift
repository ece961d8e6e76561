import Glibc
import Synchronization

/// Where a command writes: results on standard output; progress, logs and complaints on standard error, around one status line on a terminal.
final class Console: Sendable {
    let output: TerminalStyle
    let errors: TerminalStyle
    /// Function logs are shown too.
    let isVerbose: Bool
    /// Standard output carries one JSON document and nothing else.
    let isJSON: Bool
    private let status = Mutex("")

    init(environment: [String: String], isVerbose: Bool = false, isJSON: Bool = false) {
        output = TerminalStyle(of: 1, environment: environment)
        errors = TerminalStyle(of: 2, environment: environment)
        self.isVerbose = isVerbose
        self.isJSON = isJSON
    }

    /// A result.
    func print(_ text: String) {
        status.withLock { status in
            if !status.isEmpty { Self.write("\r\u{1B}[K", to: 2) }
            Self.write(text + "\n", to: 1)
            if !status.isEmpty { Self.write(status, to: 2) }
        }
    }

    /// A line of progress or a complaint; the status line stays below it.
    func note(_ text: String) {
        status.withLock { status in
            let clear = status.isEmpty ? "" : "\r\u{1B}[K"
            Self.write(clear + text + "\n" + status, to: 2)
        }
    }

    /// Replaces the status line; the empty text takes it away. Only for terminals.
    func showStatus(_ text: String) {
        guard errors.isTerminal else { return }
        status.withLock { status in
            if status.isEmpty && text.isEmpty { return }
            Self.write("\r" + text + "\u{1B}[K", to: 2)
            status = text
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        FileSystem.writeAll(Array(text.utf8), to: descriptor)
    }

    /// A log file under `.local/logs`; its lines are shown too when the user asked for it.
    func log(_ name: String, in project: Project) throws(CommandFailure) -> @Sendable (String) -> Void {
        let file = try LogFile(project.logFile(name))
        return { [self] line in
            file.append(line)
            if isVerbose { note("\(errors.paint("[\(name)]", .cyan)) \(line)") }
        }
    }

    /// The same for a function's process.
    func functionLog(_ name: String, in project: Project) throws(CommandFailure)
        -> @Sendable (ChildProcess.Line) -> Void
    {
        let log = try log(name, in: project)
        return { log($0.text) }
    }
}

/// A file that lines are appended to.
final class LogFile: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws(CommandFailure) { descriptor = try FileSystem.createLog(path) }

    deinit { close(descriptor) }

    func append(_ line: String) { FileSystem.writeAll(Array((line + "\n").utf8), to: descriptor) }
}
