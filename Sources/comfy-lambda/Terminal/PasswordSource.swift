import Glibc
import HTTP

/// Where a password comes from. Never from an option: other users of a machine can read a command line.
enum PasswordSource: Sendable, Hashable {
    /// Asked for on the terminal, without showing it.
    case terminal
    /// The first line of standard input.
    case standardInput

    static let option = CommandSyntax.Option(
        "--password-stdin", .flag,
        "Read the password from standard input, its first line.\nDefault: it is asked for.")

    init(_ arguments: Arguments) {
        self = arguments.flag(Self.option.name) ? .standardInput : .terminal
    }

    /// - Parameter twice: whether a new one is to be typed again.
    func read(_ prompt: String, twice: Bool = false, on loop: EventLoop) async throws -> String {
        switch self {
        case .standardInput:
            let bytes = try FileSystem.readStandardInput(limit: 1 << 16)
            return String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
        case .terminal:
            let password = try await Self.ask(prompt, on: loop)
            if twice, try await Self.ask("The same again", on: loop) != password {
                throw CommandFailure("The two are not the same.")
            }
            return password
        }
    }

    /// A line from the terminal, whatever standard input is. The loop goes on meanwhile, so that Ctrl-C ends the command and the
    /// terminal shows again what is typed.
    private static func ask(_ prompt: String, on loop: EventLoop) async throws -> String {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        var settings = termios()
        guard terminal >= 0, unsafe tcgetattr(terminal, &settings) == 0 else {
            throw CommandFailure(
                "There is no terminal to ask for a password on: pipe it in, with --password-stdin.", status: 2
            )
        }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        defer {
            unsafe tcsetattr(terminal, TCSAFLUSH, &settings)
            FileSystem.writeAll([0x0A], to: terminal)
            close(terminal)
        }
        FileSystem.writeAll(Array("\(prompt): ".utf8), to: terminal)
        unsafe tcsetattr(terminal, TCSAFLUSH, &silent)
        while true {
            var wait = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&wait, 1, 0) > 0 { break }
            try await loop.sleep(for: .milliseconds(30))
        }
        // The terminal gives whole lines, of 4,095 bytes at most.
        var line = [UInt8](repeating: 0, count: 4096)
        let count = unsafe line.withUnsafeMutableBytes {
            unsafe Glibc.read(terminal, $0.baseAddress, $0.count)
        }
        guard count > 0 else { throw CommandFailure("No password was typed.") }
        return String(decoding: line[..<count].prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
