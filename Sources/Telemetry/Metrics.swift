internal import JSON
internal import Time

/// Metrics in CloudWatch's embedded metric format: a JSON line on the log's output, of which CloudWatch makes metrics by itself.
///
/// Off until `configure` names a namespace; every call then costs one atomic read. On, what is added during an invocation is written when
/// it ends, one line for each set of dimensions; what is added outside of one is written at once. A metric never fails what it measures:
/// what CloudWatch would not take is left out, and the log says why.
///
/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
public enum Metrics {
    /// A namespace, a name, a dimension or a value that CloudWatch would not take.
    public struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        /// What, and what is expected.
        public let description: String
    }

    /// Of the current invocation; nil outside of one.
    @TaskLocal static var current: MetricCollection?

    /// Whether anything is written.
    public static var isEnabled: Bool { Log.configuration.isMeasuring }

    /// Turns metrics on. Set once at start.
    /// - Parameter namespace: 1 to 255 letters, digits and `.-_/#:` or spaces; `AWS/` is CloudWatch's own.
    /// - Parameter dimensions: of every metric, beside its own.
    public static func configure(namespace: String, dimensions: [String: String] = [:]) throws(Invalid) {
        try MetricLimits.check(namespace: namespace)
        try MetricLimits.check(dimensions: dimensions)
        Log.configuration.measure(.init(namespace: namespace, dimensions: dimensions))
    }

    /// Adds a value of a metric. Values of one name and one set of dimensions are gathered, and CloudWatch has statistics of all of them.
    /// - Parameter name: 1 to 255 ASCII characters; what CloudWatch would not take is left out, and the log says why.
    /// - Parameter value: a finite number.
    /// - Parameter unit: that of the first value of a name in an invocation holds for all.
    /// - Parameter dimensions: beside those of `configure`; every combination of values is a metric of its own, and is paid for as one.
    public static func add(
        _ name: String, _ value: Double, _ unit: Unit = .none, dimensions: [String: String] = [:]
    ) {
        let configuration = Log.configuration
        guard let space = configuration.metricSpace else { return }
        let all = space.dimensions.merging(dimensions) { $1 }
        do throws(Invalid) {
            try MetricLimits.check(name: name, value: value, dimensions: dimensions, all: all)
        } catch {
            Log.warn("metric left out", ["metric": .string(name), "reason": .string(error.description)])
            return
        }
        guard let current else {
            let single = MetricCollection()
            single.add(name, value, unit, dimensions: all)
            single.write(in: space)
            return
        }
        current.add(name, value, unit, dimensions: all)
        if current.isLarge { current.write(in: space) }
    }

    /// For the runtime: runs one invocation, then writes what it has added, whether it failed (`Errors`, 0 or 1), and for the first of this
    /// process `ColdStart`.
    public static func ofInvocation<R>(_ body: () async -> R) async -> R {
        let configuration = Log.configuration
        guard let space = configuration.metricSpace else { return await body() }
        let collection = MetricCollection()
        let result = await $current.withValue(collection, operation: body)
        if configuration.isFirstInvocation() {
            collection.add("ColdStart", 1, .count, dimensions: space.dimensions)
        }
        collection.add("Errors", collection.hasFailed ? 1 : 0, .count, dimensions: space.dimensions)
        collection.write(in: space)
        return result
    }

    /// For the runtime: the moment at which the current invocation's handler begins; nil when nothing is measured.
    public static func handlerBegins() -> ContinuousClock.Instant? { isEnabled ? .now : nil }

    /// For the runtime: the current invocation's handler, which began then, has ended (`HandlerDuration`).
    public static func handlerEnded(begun: ContinuousClock.Instant?) {
        guard let begun else { return }
        add("HandlerDuration", (ContinuousClock.now - begun) / .milliseconds(1), .milliseconds)
    }

    /// For the runtime: the current invocation has failed.
    public static func invocationFailed() { current?.fail() }
}

/// What all metrics of a process have.
struct MetricSpace: Sendable {
    let namespace: String
    let dimensions: [String: String]
}
