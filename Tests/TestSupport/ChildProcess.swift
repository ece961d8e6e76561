public import Glibc
internal import Spawn
import Synchronization

/// A program that a test runs: its output is captured, and it is ended by its process id when the value goes away.
public final class ChildProcess: Sendable {
    /// It could not be started.
    public struct LaunchFailure: Error, CustomStringConvertible {
        /// The program and the system's reason.
        public let description: String
    }

    /// How it ended: its exit status, or 128 + the signal as shells say it.
    public typealias Status = Int32

    private struct State {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var openPipes = 2
        var status: Status?
        var waiters: [Waiter] = []
    }

    private struct Waiter {
        /// nil waits for the end.
        let text: [UInt8]?
        let continuation: CheckedContinuation<Void, Never>
    }

    private final class Shared: Sendable {
        let value = Mutex(State())

        func update(_ change: (inout State) -> Void) {
            let due = value.withLock { state -> [Waiter] in
                change(&state)
                let isOver = state.status != nil && state.openPipes == 0
                let due = state.waiters.filter { waiter in
                    isOver
                        || waiter.text.map {
                            contains(state.output, $0) || contains(state.errors, $0)
                        } ?? false
                }
                if !due.isEmpty {
                    let (output, errors) = (state.output, state.errors)
                    state.waiters.removeAll { waiter in
                        isOver || waiter.text.map { contains(output, $0) || contains(errors, $0) } ?? false
                    }
                }
                return due
            }
            for waiter in due { waiter.continuation.resume() }
        }
    }

    /// Its process id, also its process group's.
    public let id: Int32
    private let shared = Shared()

    /// Starts a program (searched in PATH unless it has a slash). `environment` nil passes this process's own.
    public init(
        _ program: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        standardInput: [UInt8] = []
    ) throws {
        let launch = try Launch(program, arguments, environment)
        id = launch.id
        let (child, input) = (launch.id, launch.input)
        let shared = shared
        startThread {
            signal(SIGPIPE, SIG_IGN)
            var rest = standardInput[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe write(input, $0.baseAddress, $0.count) }
                if count <= 0 { break }
                rest = rest.dropFirst(count)
            }
            close(input)
        }
        Self.capture(launch.output, shared) { $0.output += $1 }
        Self.capture(launch.errors, shared) { $0.errors += $1 }
        startThread {
            var raw: Int32 = 0
            while unsafe waitpid(child, &raw, 0) < 0, errno == EINTR {}
            let signal = raw & 0x7F
            let status = signal == 0 ? (raw >> 8) & 0xFF : 128 + signal
            shared.update { $0.status = status }
        }
    }

    deinit {
        shared.value.withLock { if $0.status == nil { kill(-id, SIGKILL) } }
    }

    private static func capture(
        _ descriptor: Int32, _ shared: Shared,
        _ add: @escaping @Sendable (inout State, ArraySlice<UInt8>) -> Void
    ) {
        startThread {
            var piece = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let count = unsafe piece.withUnsafeMutableBytes {
                    unsafe read(descriptor, $0.baseAddress, $0.count)
                }
                if count <= 0 { break }
                shared.update { add(&$0, piece[..<count]) }
            }
            close(descriptor)
            shared.update { $0.openPipes -= 1 }
        }
    }

    /// Standard output so far.
    public var standardOutput: String { shared.value.withLock { String(decoding: $0.output, as: UTF8.self) } }
    /// Standard output so far, as bytes.
    public var standardOutputBytes: [UInt8] { shared.value.withLock { $0.output } }
    /// Standard error so far.
    public var standardError: String { shared.value.withLock { String(decoding: $0.errors, as: UTF8.self) } }

    /// Whether it is over.
    public var hasEnded: Bool { shared.value.withLock { $0.status != nil } }

    /// Waits for its end and the end of its output.
    @discardableResult
    public func exit() async -> Status {
        await wait(for: nil)
        return shared.value.withLock { $0.status ?? -1 }
    }

    /// Waits until either stream has shown the text; false when it ended without.
    public func hasPrinted(_ text: String) async -> Bool {
        let bytes = Array(text.utf8)
        await wait(for: bytes)
        return shared.value.withLock { contains($0.output, bytes) || contains($0.errors, bytes) }
    }

    private func wait(for text: [UInt8]?) async {
        await withCheckedContinuation { continuation in
            shared.update { $0.waiters.append(Waiter(text: text, continuation: continuation)) }
        }
    }

    /// Sends a signal, SIGTERM unless told otherwise; nothing when it has ended.
    public func terminate(_ signal: Int32 = SIGTERM) {
        shared.value.withLock { if $0.status == nil { kill(id, signal) } }
    }
}

/// A started program and this side's ends of its pipes.
private struct Launch {
    let id: pid_t
    let input: Int32
    let output: Int32
    let errors: Int32

    init(_ program: String, _ arguments: [String], _ environment: [String: String]?) throws(ChildProcess
        .LaunchFailure)
    {
        do throws(SpawnError) {
            let (input, output, errors) = (try Pipe(), try Pipe(), try Pipe())
            (self.input, self.output, self.errors) = (input.writeEnd, output.readEnd, errors.readEnd)
            defer { for theirs in [input.readEnd, output.writeEnd, errors.writeEnd] { close(theirs) } }
            var launch = ProgramLaunch([program] + arguments, environment: environment)
            (launch.input, launch.output, launch.errors) = (input.readEnd, output.writeEnd, errors.writeEnd)
            do throws(SpawnError) {
                id = try launch.start()
            } catch {
                for ours in [input.writeEnd, output.readEnd, errors.readEnd] { close(ours) }
                throw error
            }
        } catch {
            throw ChildProcess.LaunchFailure(description: "\(program): \(error)")
        }
    }
}

private func contains(_ bytes: [UInt8], _ text: [UInt8]) -> Bool {
    guard bytes.count >= text.count else { return false }
    return (0...(bytes.count - text.count)).contains { bytes[$0...].starts(with: text) }
}
