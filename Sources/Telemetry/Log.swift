public import JSON
internal import Time

/// The process's log: one JSON (or text) line a call on standard output, with the invocation's ids from a task-local context.
///
/// Secrets do not reach a line: see `Redaction`. A line is never longer than 256 KiB, CloudWatch's limit for an event: what does not
/// fit is cut, and the line says `"truncated":true`.
public enum Log {
    /// How grave a line is.
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        case trace, debug, info, warn, error, fatal

        /// Whether `a` is less grave.
        public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }

        /// As `AWS_LAMBDA_LOG_LEVEL` writes it, any case.
        public init?(name: String) {
            let wanted = name.uppercased()
            guard let level = Level.allCases.first(where: { $0.name == wanted }) else { return nil }
            self = level
        }

        /// `INFO`
        public var name: String {
            switch self {
            case .trace: "TRACE"
            case .debug: "DEBUG"
            case .info: "INFO"
            case .warn: "WARN"
            case .error: "ERROR"
            case .fatal: "FATAL"
            }
        }
    }

    /// What a line looks like: the values of `AWS_LAMBDA_LOG_FORMAT`.
    public enum Format: String, Sendable {
        case json = "JSON"
        case text = "Text"
    }

    /// What every line of the current task carries.
    public struct Context: Sendable {
        /// The invocation's.
        public var requestID: String?
        /// Of a function with tenant isolation.
        public var tenantID: String?
        /// X-Ray's.
        public var traceID: String?

        /// A context of the ids that are known.
        public init(requestID: String? = nil, tenantID: String? = nil, traceID: String? = nil) {
            self.requestID = requestID
            self.tenantID = tenantID
            self.traceID = traceID
        }
    }

    /// The current task's; a child task inherits it.
    @TaskLocal public static var context = Context()

    /// Where the current task's lines go: the process's log, unless the task is inside `withSink`.
    @TaskLocal static var configuration = LogConfiguration(sink: standardOutput)

    /// Set once at start. Default: JSON, info, standard output. Swift's `print` writes whole lines from then on.
    /// - Parameter level: lines below it are not written.
    /// - Parameter format: one JSON object a line, or text for people.
    /// - Parameter sink: takes each line with its newline; may be called from several threads at once; nil leaves it as it is.
    public static func configure(
        level: Level, format: Format, sink: (@Sendable ([UInt8]) -> Void)? = nil
    ) {
        printWholeLines()
        configuration.set(level: level, format: format, sink: sink)
    }

    /// Gives `body`, and every task that it starts, a log of its own: what a test wants, as the process's is one for all of them.
    public static func withSink<R>(
        _ sink: @escaping @Sendable ([UInt8]) -> Void, level: Level = .info, format: Format = .json,
        _ body: () async throws -> R
    ) async rethrows -> R {
        let own = LogConfiguration(sink: sink)
        own.set(level: level, format: format, sink: nil)
        return try await $configuration.withValue(own, operation: body)
    }

    /// Writes one line, when `level` is to be logged; neither argument is evaluated otherwise.
    public static func log(
        _ level: Level, _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> JSON.Object = [:]
    ) {
        let configuration = configuration
        guard level >= configuration.level else { return }
        let output = configuration.output
        let line = LogLine(
            time: .now, level: level, message: message(), context: context, fields: fields())
        output.sink(line.encoded(as: output.format))
    }

    /// For a developer who looks closely.
    public static func debug(
        _ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSON.Object = [:]
    ) {
        log(.debug, message(), fields())
    }

    /// What happened, once an invocation or so.
    public static func info(
        _ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSON.Object = [:]
    ) {
        log(.info, message(), fields())
    }

    /// What went wrong and was mended.
    public static func warn(
        _ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSON.Object = [:]
    ) {
        log(.warn, message(), fields())
    }

    /// What went wrong.
    public static func error(
        _ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSON.Object = [:]
    ) {
        log(.error, message(), fields())
    }
}
