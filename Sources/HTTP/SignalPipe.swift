internal import CCurl
import Glibc

/// Brings signals into a loop: the C handler writes the signal's number to a pipe that the loop watches.
final class SignalPipe {
    private let readEnd: Int32
    private let writeEnd: Int32
    private var actions: [(signal: Int32, action: @Sendable () -> Void)] = []

    init() {
        var ends: [Int32] = [-1, -1]
        let status = unsafe ends.withUnsafeMutableBufferPointer { unsafe pipe($0.baseAddress) }
        precondition(status == 0, "no descriptor left for a pipe")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            // A full pipe must not block the handler; one byte in it is enough to wake the loop.
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        for (signal, _) in actions { comfy_signal_forget(signal, writeEnd) }
        close(readEnd)
        close(writeEnd)
    }

    func add(_ signal: Int32, _ action: @escaping @Sendable () -> Void, on loop: EventLoop) {
        if actions.isEmpty {
            _ = loop.watch(readEnd) { [unowned self] in self.drain() }
        }
        actions.removeAll { $0.signal == signal }
        actions.append((signal, action))
        let status = comfy_signal_watch(signal, writeEnd)
        precondition(status == 0, "signal \(signal) cannot be caught")
    }

    private func drain() {
        var numbers = [UInt8](repeating: 0, count: 64)
        let count = unsafe numbers.withUnsafeMutableBytes { unsafe read(readEnd, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        for number in numbers[..<count] {
            actions.first { $0.signal == Int32(number) }?.action()
        }
    }
}

extension EventLoop {
    /// Runs `action` on the loop each time the process gets the signal (SIGTERM, SIGINT, …), in place of what the
    /// system would do. A process has one action a signal: the last loop to ask gets it, until that loop is shut down.
    public func onSignal(_ signal: Int32, _ action: @escaping @Sendable () -> Void) {
        perform {
            let pipe = self.signals ?? SignalPipe()
            self.signals = pipe
            pipe.add(signal, action, on: self)
        }
    }
}
