public import JSON

/// The process's log: one JSON (or text) line a call on standard output, with the invocation's ids from a task-local context.
public enum Log {
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        case trace, debug, info, warn, error, fatal
        public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
        /// As `AWS_LAMBDA_LOG_LEVEL` writes it, any case.
        public init?(name: String) { fatalError("stub") }
    }
    public enum Format: String, Sendable { case json = "JSON", text = "Text" }
    /// What every line of the current task carries.
    public struct Context: Sendable {
        public var requestID: String?
        public var tenantID: String?
        public var traceID: String?
        public init(requestID: String? = nil, tenantID: String? = nil, traceID: String? = nil) {
            self.requestID = requestID
            self.tenantID = tenantID
            self.traceID = traceID
        }
    }
    @TaskLocal public static var context = Context()
    /// Set once at start; tests give a sink of their own. Default: JSON, info, standard output.
    public static func configure(level: Level, format: Format, sink: (@Sendable ([UInt8]) -> Void)? = nil) { fatalError("stub") }
    public static func log(_ level: Level, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSON.Object = [:]) { fatalError("stub") }
    public static func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSON.Object = [:]) { log(.debug, message(), fields()) }
    public static func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSON.Object = [:]) { log(.info, message(), fields()) }
    public static func warn(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSON.Object = [:]) { log(.warn, message(), fields()) }
    public static func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> JSON.Object = [:]) { log(.error, message(), fields()) }
}
