internal import CSpawn
import Glibc
import HTTP
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
        let (id, output, errors) = try launching.withLock { _ throws(CommandFailure) in try start(launch) }
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

/// One at a time: a pipe is closed on exec only by a second call, and a child started meanwhile would keep its end open.
private let launching = Mutex(())

/// The child, and the read ends of its outputs.
private func start(_ launch: ChildProcess.Launch) throws(CommandFailure) -> (pid_t, Int32, Int32) {
    let output = try Pipe()
    let errors: Pipe
    do throws(CommandFailure) {
        errors = try Pipe()
    } catch {
        output.close()
        throw error
    }
    defer {
        Glibc.close(output.writeEnd)
        Glibc.close(errors.writeEnd)
    }
    do throws(CommandFailure) {
        let id = try spawn(launch, output: output.writeEnd, errors: errors.writeEnd)
        return (id, output.readEnd, errors.readEnd)
    } catch {
        Glibc.close(output.readEnd)
        Glibc.close(errors.readEnd)
        throw error
    }
}

private struct Pipe {
    let readEnd: Int32
    let writeEnd: Int32

    /// The read end does not block: the event loop says when it is ready.
    init() throws(CommandFailure) {
        var ends: [Int32] = [-1, -1]
        let status = unsafe ends.withUnsafeMutableBufferPointer { unsafe pipe($0.baseAddress) }
        guard status == 0 else {
            throw unsafe CommandFailure("no pipe for a program's output: \(String(cString: strerror(errno)))")
        }
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
    }

    func close() {
        Glibc.close(readEnd)
        Glibc.close(writeEnd)
    }
}

/// `setpriv` asks the kernel to kill the child when this process dies, however it dies, and then becomes the program.
private let parentDeathWrapper: [String] =
    FileSystem.isExecutable("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] : []

private func spawn(_ launch: ChildProcess.Launch, output: Int32, errors: Int32) throws(CommandFailure)
    -> pid_t
{
    guard FileSystem.isExecutable(launch.program) else {
        throw unsafe CommandFailure("cannot run \(launch.program): \(String(cString: strerror(errno)))")
    }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
    // Sockets of this process are not the child's: it would keep them open when they are closed here.
    unsafe comfy_spawn_close_from(&actions, 3)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    // The loop may have signals blocked for itself; a child starts with none blocked and all at their defaults.
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    unsafe sigfillset(&all)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setflags(
        &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let words = parentDeathWrapper + [launch.program] + launch.arguments
    let program = words[0]
    let variables = launch.environment.map { "\($0.key)=\($0.value)" }.sorted()
    var child: pid_t = 0
    let status = unsafe withCStrings(words) { words in
        unsafe withCStrings(variables) { variables in
            unsafe posix_spawn(&child, program, &actions, &attributes, words, variables)
        }
    }
    guard status == 0 else {
        throw unsafe CommandFailure("cannot run \(launch.program): \(String(cString: strerror(status)))")
    }
    return child
}

private func withCStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else {
            preconditionFailure("the list ends with nil, so it is not empty")
        }
        return unsafe body(base)
    }
}

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
