internal import Synchronization

/// What is logged and where to. Read by every line, so the level, which drops most, needs no lock.
final class LogConfiguration: Sendable {
    typealias Sink = @Sendable ([UInt8]) -> Void

    private let threshold = Atomic<Int>(Log.Level.info.rawValue)
    private let destination: Mutex<(format: Log.Format, sink: Sink)>

    init(sink: @escaping Sink) { destination = Mutex((.json, sink)) }

    var level: Log.Level { Log.Level(rawValue: threshold.load(ordering: .relaxed)) ?? .info }

    var output: (format: Log.Format, sink: Sink) { destination.withLock { $0 } }

    func set(level: Log.Level, format: Log.Format, sink: Sink?) {
        threshold.store(level.rawValue, ordering: .relaxed)
        destination.withLock { $0 = (format, sink ?? $0.sink) }
    }
}
