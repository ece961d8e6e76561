internal import JSON
internal import Synchronization
internal import Time

/// What one invocation has measured so far.
final class MetricCollection: Sendable {
    private struct State {
        /// In the order of their first value.
        var groups: [MetricGroup] = []
        var values = 0
        var hasFailed = false
    }

    private let state = Mutex(State())

    /// A loop that measures without end must not fill the memory: it writes more lines instead.
    private static let large = 10_000

    /// Whether it is time to write although the invocation goes on.
    var isLarge: Bool { state.withLock { $0.values >= Self.large } }

    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    func fail() { state.withLock { $0.hasFailed = true } }

    func add(_ name: String, _ value: Double, _ unit: Metrics.Unit, dimensions: [String: String]) {
        state.withLock { state in
            let index = state.groups.firstIndex { $0.dimensions == dimensions } ?? state.groups.endIndex
            if index == state.groups.endIndex { state.groups.append(MetricGroup(dimensions: dimensions)) }
            state.groups[index].add(name, value, unit)
            state.values += 1
        }
    }

    /// Writes what there is and begins anew.
    func write(in space: MetricSpace) {
        let groups = state.withLock { state in
            defer { (state.groups, state.values) = ([], 0) }
            return state.groups
        }
        let now = Timestamp.now
        let context = Log.context
        let sink = Log.configuration.output.sink
        for group in groups {
            for document in group.documents(namespace: space.namespace, at: now, context) {
                sink(document.serialized() + [0x0A])
            }
        }
    }
}

/// The metrics of one set of dimensions.
struct MetricGroup: Sendable {
    private struct Metric: Sendable {
        let name: String
        let unit: Metrics.Unit
        var values: [Double]
    }

    let dimensions: [String: String]
    private var metrics: [Metric] = []
    private var positions: [String: Int] = [:]

    init(dimensions: [String: String]) { self.dimensions = dimensions }

    mutating func add(_ name: String, _ value: Double, _ unit: Metrics.Unit) {
        if let position = positions[name] {
            metrics[position].values.append(value)
        } else {
            positions[name] = metrics.count
            metrics.append(Metric(name: name, unit: unit, values: [value]))
        }
    }

    /// As few as hold everything: at most 100 metrics each, 100 values a metric, and fewer bytes than a log event may have.
    func documents(namespace: String, at time: Timestamp, _ context: Log.Context) -> [JSON] {
        var documents: [JSON] = []
        var page: [Metric] = []
        var size = 0
        func endPage() {
            if !page.isEmpty { documents.append(document(of: page, namespace, time, context)) }
            (page, size) = ([], 0)
        }
        // A metric with more values than one document takes goes on in a later one, where its name may stand again.
        var rest = metrics
        while !rest.isEmpty {
            var next: [Metric] = []
            for var metric in rest {
                let later = metric.values.dropFirst(MetricLimits.values)
                if !later.isEmpty {
                    next.append(Metric(name: metric.name, unit: metric.unit, values: Array(later)))
                    metric.values.removeSubrange(MetricLimits.values...)
                }
                let bytes = 2 * (2 * metric.name.utf8.count + 40) + metric.values.count * 26
                if page.count == MetricLimits.metrics || size + bytes > Self.room { endPage() }
                page.append(metric)
                size += bytes
            }
            endPage()
            rest = next
        }
        return documents
    }

    /// What dimensions, namespace and ids leave of a line for metrics, at their very longest.
    private static let room = 150 << 10

    private func document(
        of page: [Metric], _ namespace: String, _ time: Timestamp, _ context: Log.Context
    ) -> JSON {
        let names = dimensions.keys.sorted()
        let directive: JSON = [
            "Namespace": .string(namespace), "Dimensions": [.array(names.map { .string($0) })],
            "Metrics": .array(
                page.map { ["Name": .string($0.name), "Unit": .string($0.unit.rawValue)] }),
        ]
        var root: JSON.Object = [
            "_aws": ["Timestamp": .number(time.milliseconds), "CloudWatchMetrics": [directive]]
        ]
        for name in names { root[name] = dimensions[name].map { .string(Redaction.redact($0)) } }
        for metric in page {
            let values = metric.values.map(Self.number)
            root[metric.name] = values.count == 1 ? values[0] : .array(values)
        }
        root["requestId"] = context.requestID.map(Self.id)
        root["tenantId"] = context.tenantID.map(Self.id)
        return .object(root)
    }

    private static func id(_ text: String) -> JSON {
        .string(String(decoding: text.utf8.prefix(256), as: UTF8.self))
    }

    /// A whole number without a fraction: `1`, not `1.0`.
    private static func number(_ value: Double) -> JSON {
        if let whole = Int64(exactly: value) { return .number(whole) }
        return JSON.Number(value).map { .number($0) } ?? 0
    }
}
