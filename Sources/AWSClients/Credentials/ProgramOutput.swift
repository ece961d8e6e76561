import Glibc
import HTTP
internal import Spawn

/// What a program writes to its standard output, on the event loop: no thread waits, no descriptor of this process but
/// standard error reaches the program, and nothing of it and its children is left when this throws.
enum ProgramOutput {
    /// Why there is no output: a half sentence that begins after the program's name.
    struct Failure: Error {
        let reason: String
    }

    /// Searches `words[0]` in `PATH` unless it is a path. Throws `Failure`, or `CancellationError` when the task is
    /// cancelled.
    static func of(
        _ words: [String], environment: [String: String], limit: Int, timeout: Duration, on loop: EventLoop
    ) async throws -> [UInt8] {
        let (id, descriptor) = try start(words, environment)
        let child = Child(id: id)
        do {
            defer { close(descriptor) }
            let (output, status) = try await withDeadline(timeout, on: loop) {
                let output = try await read(descriptor, limit: limit, on: loop)
                let status = try await child.exit(on: loop)
                return (output, status)
            }
            guard status == 0 else { throw Failure(reason: "ended with \(describe(status))") }
            return output
        } catch {
            child.kill()
            throw error is DeadlineExceeded ? Failure(reason: "took longer than \(timeout)") : error
        }
    }

    /// The process and its group, until it is reaped: after that the number may be somebody else's. Used by one task.
    private final class Child: Sendable {
        private let id: pid_t
        private let isReaped = Locked(false)

        init(id: pid_t) { self.id = id }

        /// Waits for the end. The program has closed its output before: the end is near, if it is not there.
        func exit(on loop: EventLoop) async throws -> Int32 {
            while true {
                if let status = reap(WNOHANG) { return status }
                try await loop.sleep(for: .milliseconds(2))
            }
        }

        /// Ends it and all it has started, at once.
        func kill() {
            if isReaped.withLock({ $0 }) { return }
            Glibc.kill(-id, SIGKILL)
            _ = reap(0)
        }

        private func reap(_ options: Int32) -> Int32? {
            var status: Int32 = 0
            var result = unsafe waitpid(id, &status, options)
            while result < 0, errno == EINTR { result = unsafe waitpid(id, &status, options) }
            if result == 0 { return nil }
            isReaped.withLock { $0 = true }
            return status
        }
    }

    private static func describe(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "exit status \((status >> 8) & 0xFF)" : "signal \(signal)"
    }

    private static func read(_ descriptor: Int32, limit: Int, on loop: EventLoop) async throws -> [UInt8] {
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count == 0 { return output }
            if count > 0 {
                output += piece[..<count]
                if output.count > limit { throw Failure(reason: "printed more than \(limit) bytes") }
            } else if errno == EAGAIN {
                try await loop.wait(for: .readable, of: descriptor)
            } else if errno != EINTR {
                throw Failure(reason: "could not be read from: \(text(ofError: errno))")
            }
        }
    }

    /// The process id, and the end of its output that is read, which does not block.
    private static func start(
        _ words: [String], _ environment: [String: String]
    ) throws -> (pid_t, Int32) {
        let pipe: Pipe
        do {
            pipe = try Pipe()
        } catch {
            throw Failure(reason: "was not started, for want of a pipe: \(error)")
        }
        pipe.unblockReading()
        var launch = ProgramLaunch(words, environment: environment)
        launch.output = pipe.writeEnd
        do {
            let child = try launch.start()
            close(pipe.writeEnd)
            return (child, pipe.readEnd)
        } catch {
            pipe.close()
            throw Failure(reason: "was not started: \(error)")
        }
    }

    private static func text(ofError number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
