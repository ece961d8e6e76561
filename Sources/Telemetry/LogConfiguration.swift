internal import Synchronization

/// What the process logs and where to. Read by every line, so the level, which drops most, needs no lock.
final class LogConfiguration: Sendable {
    static let shared = LogConfiguration()

    typealias Sink = @Sendable ([UInt8]) -> Void

    private let threshold = Atomic<Int>(Log.Level.info.rawValue)
    private let destination = Mutex<(format: Log.Format, sink: Sink)>((.json, standardOutput))

    var level: Log.Level { Log.Level(rawValue: threshold.load(ordering: .relaxed)) ?? .info }

    var output: (format: Log.Format, sink: Sink) { destination.withLock { $0 } }

    func set(level: Log.Level, format: Log.Format, sink: @escaping Sink) {
        threshold.store(level.rawValue, ordering: .relaxed)
        destination.withLock { $0 = (format, sink) }
    }
}
