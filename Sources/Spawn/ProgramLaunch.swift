internal import CSpawn
import Glibc

/// A program to start: in a process group of its own, with no signal blocked and all at their defaults, and with no
/// descriptor but its three standard streams. A socket that a child inherits would stay open when it is closed here.
public struct ProgramLaunch: Sendable {
    /// The program, searched in `PATH` unless it has a slash, and its arguments.
    public var words: [String]
    /// All of its environment; nil passes this process's own on.
    public var environment: [String: String]?
    /// Its standard input; nil is `/dev/null`.
    public var input: Int32?
    /// Its standard output; nil is this process's.
    public var output: Int32?
    /// Its standard error; nil is this process's.
    public var errors: Int32?

    /// Names the program; its streams are set afterwards.
    public init(_ words: [String], environment: [String: String]? = nil) {
        self.words = words
        self.environment = environment
    }

    /// Starts it.
    ///
    /// - Returns: its process id, which is its group's too.
    public func start() throws(SpawnError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let output { unsafe posix_spawn_file_actions_adddup2(&actions, output, 1) }
        if let errors { unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2) }
        unsafe comfy_spawn_close_from(&actions, 3)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // An event loop, and the threads of Swift's tasks, may have signals blocked for themselves.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let program = words.first ?? ""
        let variables = environment?.map { "\($0.key)=\($0.value)" }.sorted()
        var child: pid_t = 0
        let status = unsafe withCStrings(words) { words in
            guard let variables else {
                return unsafe posix_spawnp(&child, program, &actions, &attributes, words, environ)
            }
            return unsafe withCStrings(variables) { variables in
                unsafe posix_spawnp(&child, program, &actions, &attributes, words, variables)
            }
        }
        guard status == 0 else { throw SpawnError(number: status) }
        return child
    }
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
