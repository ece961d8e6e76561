import Synchronization

/// What a test's log has taken.
final class Lines: Sendable {
    private let lines = Mutex<[[UInt8]]>([])
    func add(_ line: [UInt8]) { lines.withLock { $0.append(line) } }
    var bytes: [[UInt8]] { lines.withLock { $0 } }
    var text: [String] { bytes.map { String(decoding: $0, as: UTF8.self) } }
}
