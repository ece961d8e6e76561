import Glibc
import HTTP
import Spawn
import Synchronization

/// A program that this one started: in a process group of its own, killed by the kernel if this one dies.
final class ChildProcess: Sendable {
    /// What to start.
    struct Launch: Sendable {
        /// A path; nothing is searched.
        var program: String
        var arguments: [String] = []
        /// All of it: nothing of this process's own environment is passed on.
        var environment: [String: String] = [:]
    }

    /// A line of its output, without the newline.
    struct Line: Sendable, Hashable {
        enum Source: Sendable { case output, error }
        let source: Source
        let text: String
    }

    /// How it ended.
    enum ExitStatus: Sendable, Hashable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)

        /// As Lambda says it: `exit status 1`, `signal: killed`.
        var description: String {
            switch self {
            case .exited(let status): "exit status \(status)"
            case .signalled(let signal): unsafe "signal: \(String(cString: strsignal(signal)).lowercased())"
            }
        }
    }

    /// Its process id and that of its group.
    let id: pid_t
    private let loop: EventLoop
    private let ended = Promise<ExitStatus>()
    private let outputEnded = Promise<Void>()
    /// Guards the id: once reaped, the number may belong to somebody else.
    private let isReaped = Mutex(false)

    /// Starts it. `onLine` gets the lines of both outputs on the loop, in the order they were read.
    init(_ launch: Launch, on loop: EventLoop, onLine: @escaping @Sendable (Line) -> Void)
        throws(CommandFailure)
    {
        self.loop = loop
        let (id, output, errors) = try start(launch)
        self.id = id
        loop.task { [outputEnded] in
            await withTaskGroup { group in
                for (descriptor, source) in [(output, Line.Source.output), (errors, .error)] {
                    group.addTask {
                        await readLines(from: descriptor, on: loop) {
                            onLine(Line(source: source, text: $0))
                        }
                    }
                }
            }
            outputEnded.fulfill(())
        }
        startReaper()
    }

    /// The kernel tells of an end by `waitid` alone here: a thread that sleeps in it costs less than a poll that never sleeps.
    private func startReaper() {
        startThread { [self] in
            var info = unsafe siginfo_t()
            while unsafe waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            var status: Int32 = 0
            isReaped.withLock { reaped in
                // What it left behind in its group; the number is still its own.
                kill(-id, SIGKILL)
                unsafe waitpid(id, &status, 0)
                reaped = true
            }
            let signal = status & 0x7F
            ended.fulfill(signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal))
        }
    }

    /// Waits for its end.
    func exit() async throws -> ExitStatus { try await ended.value() }

    /// Whether it has ended.
    var hasEnded: Bool { ended.current != nil }

    /// Sends a signal to its whole group; nothing when it has ended.
    func signal(_ signal: Int32) {
        isReaped.withLock { reaped in
            if !reaped { kill(-id, signal) }
        }
    }

    /// SIGTERM, then SIGKILL to whatever of its group is left after `grace`; then waits for the last of its output.
    func terminate(grace: Duration = .seconds(2)) async {
        signal(SIGTERM)
        let (ended, outputEnded) = (ended, outputEnded)
        _ = try? await withDeadline(grace, on: loop) { try await ended.value() }
        signal(SIGKILL)
        _ = try? await ended.value()
        // A descendant that left the group may still hold the pipe.
        _ = try? await withDeadline(.seconds(1), on: loop) { try await outputEnded.value() }
    }
}

/// Reads until the end, or until the loop is gone.
private func readLines(from descriptor: Int32, on loop: EventLoop, _ take: (String) -> Void) async {
    defer { close(descriptor) }
    var splitter = LineSplitter()
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while true {
        let count = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            for line in splitter.append(piece[..<count]) { take(line) }
        } else if count < 0, errno == EINTR {
            continue
        } else if count < 0, errno == EAGAIN {
            do { try await loop.wait(for: .readable, of: descriptor) } catch { break }
        } else {
            break
        }
    }
    if let rest = splitter.rest { take(rest) }
}

/// The child, and the read ends of its outputs.
private func start(_ launch: ChildProcess.Launch) throws(CommandFailure) -> (pid_t, Int32, Int32) {
    do throws(SpawnError) {
        let output = try Pipe()
        let errors: Pipe
        do throws(SpawnError) {
            errors = try Pipe()
        } catch {
            output.close()
            throw error
        }
        for pipe in [output, errors] { pipe.unblockReading() }
        defer {
            close(output.writeEnd)
            close(errors.writeEnd)
        }
        do throws(SpawnError) {
            // What runs behind the wrapper would fail after its start, too late for an error here.
            guard FileSystem.isExecutable(launch.program) else { throw SpawnError(number: errno) }
            var program = ProgramLaunch(
                parentDeathWrapper + [launch.program] + launch.arguments, environment: launch.environment)
            program.output = output.writeEnd
            program.errors = errors.writeEnd
            return (try program.start(), output.readEnd, errors.readEnd)
        } catch {
            close(output.readEnd)
            close(errors.readEnd)
            throw error
        }
    } catch {
        throw CommandFailure("cannot run \(launch.program): \(error)")
    }
}

/// `setpriv` asks the kernel to kill the child when this process dies, however it dies, and then becomes the program.
private let parentDeathWrapper: [String] =
    FileSystem.isExecutable("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] : []

/// A detached thread, for the one call that only blocks.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
    let status = unsafe pthread_create(
        &thread, nil,
        { argument in
            if let argument = unsafe argument {
                unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            }
            return nil
        }, box)
    precondition(status == 0, "no thread to be had")
    pthread_detach(thread)
}
