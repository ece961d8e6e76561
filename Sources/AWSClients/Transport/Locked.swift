import Synchronization

/// A value behind a mutex. In a file of its own, because ThreadSanitizer takes `Mutex` for a race: a suppression of
/// this file hides nothing else.
final class Locked<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    func withLock<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        mutex.withLock { value in body(&value) }
    }
}
