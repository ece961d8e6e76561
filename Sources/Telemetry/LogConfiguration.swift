internal import Synchronization

/// What is logged and measured, and where to. Read by every line, so the level, which drops most, and whether anything is measured need
/// no lock.
final class LogConfiguration: Sendable {
    typealias Sink = @Sendable ([UInt8]) -> Void

    private let threshold = Atomic<Int>(Log.Level.info.rawValue)
    private let measures = Atomic<Bool>(false)
    private let hasInvoked = Atomic<Bool>(false)
    private let destination: Mutex<Destination>
    private let space = Mutex<MetricSpace?>(nil)

    /// A type of its own: a closure inside a tuple inside a lock is wrapped once more each time it is read, and the wrapped one is stored.
    struct Destination: Sendable {
        var format: Log.Format
        var sink: Sink
    }

    init(sink: @escaping Sink) { destination = Mutex(Destination(format: .json, sink: sink)) }

    var level: Log.Level { Log.Level(rawValue: threshold.load(ordering: .relaxed)) ?? .info }

    var output: Destination { destination.withLock { $0 } }

    func set(level: Log.Level, format: Log.Format, sink: Sink?) {
        threshold.store(level.rawValue, ordering: .relaxed)
        destination.withLock { $0 = Destination(format: format, sink: sink ?? $0.sink) }
    }

    var isMeasuring: Bool { measures.load(ordering: .relaxed) }

    /// nil when metrics are off.
    var metricSpace: MetricSpace? { isMeasuring ? space.withLock { $0 } : nil }

    func measure(_ space: MetricSpace) {
        self.space.withLock { $0 = space }
        measures.store(true, ordering: .relaxed)
    }

    /// True once.
    func isFirstInvocation() -> Bool { !hasInvoked.exchange(true, ordering: .relaxed) }
}
