/// A piece of work in a trace, when it is over.
public struct Span: Sendable {
    /// Which side of a call it is: OpenTelemetry's kinds and their numbers.
    ///
    /// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
    public enum Kind: Int, Sendable { case `internal` = 1, server, client, producer, consumer }

    /// Trace and own id.
    public let context: TraceContext
    /// nil for a trace's first.
    public let parent: UInt64?
    /// Of a fixed set: a span is found by it.
    public let name: String
    /// Of the call.
    public let kind: Kind
    /// In nanoseconds since 1970.
    public let start: Int64
    /// Likewise.
    public let end: Int64
    /// What was worked on. Never what a user wrote: attributes go where logs at `debug` do not.
    public let attributes: [String: String]
    /// Whether it threw.
    public let hasFailed: Bool

    /// 32 digits.
    public var traceText: String { context.traceText }
    /// 16 digits.
    public var spanText: String { TraceContext.text(context.spanID) }
    /// 16 digits.
    public var parentText: String? { parent.map(TraceContext.text) }
}
