import Glibc
import HTTP
import Synchronization

/// Lets a script's thread wait for the test: each `open` lets one wait through.
final class Gate: Sendable {
    private let ends: (read: Int32, write: Int32)

    init() {
        var ends: [Int32] = [-1, -1]
        _ = unsafe ends.withUnsafeMutableBufferPointer { unsafe pipe($0.baseAddress) }
        self.ends = (ends[0], ends[1])
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    func open() {
        var byte: UInt8 = 1
        _ = unsafe write(ends.write, &byte, 1)
    }

    func waitUntilOpen() {
        var byte: UInt8 = 0
        _ = unsafe read(ends.read, &byte, 1)
    }
}

/// Lets the test wait for a script's thread, once, without holding up a thread of its own.
struct Signal: Sendable {
    private let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (signals, continuation) = AsyncStream.makeStream(of: Void.self) }

    func give() { continuation.finish() }

    func wait() async { for await _ in signals {} }
}

/// A number that several threads add to.
final class Counter: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }

    func add(_ amount: Int) { number.withLock { $0 += amount } }

    /// Returns when the number has not changed for a while. Slowness of the machine can end the wait early, which
    /// may only hide a failure, never make one.
    func standsStill(on loop: EventLoop) async throws {
        var last = -1
        while value != last {
            last = value
            try await loop.sleep(for: .milliseconds(100))
        }
    }
}
