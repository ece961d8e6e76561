import Crypto
import Glibc
import HTTP
import JSON
import TestSupport
import Time

@testable import AWSClients

/// A loopback AWS that believes nothing: it recomputes every signature from the bytes received, by the rules of AWS's
/// documentation and with nothing of the signer's code, and then does to the caller whatever the test scripts.
final class StrictServer: Sendable {
    static let credentials = Credentials(
        accessKeyID: "AKIDSTRICT", secretAccessKey: "strict/secret+key=", sessionToken: "token/with+signs==")
    static let region = SignatureVerifier.region

    /// A request whose signature held.
    struct Request: Sendable {
        let method: String
        /// As it came, with the query.
        let target: String
        /// Lower-case names.
        let headers: [String: String]
        /// Chunks decoded.
        let body: [UInt8]

        var path: String { String(target.prefix { $0 != "?" }) }
        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSON { (try? JSON(parsing: body)) ?? .null }
        /// Decoded query of the address or of a form.
        func items(_ encoded: String, plusIsSpace: Bool = false) -> [String: String] {
            var items: [String: String] = [:]
            for pair in encoded.split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                items[URL.percentDecode(String(parts[0]), plusIsSpace: plusIsSpace) ?? "?"] =
                    parts.count > 1
                    ? URL.percentDecode(String(parts[1]), plusIsSpace: plusIsSpace) ?? "?" : ""
            }
            return items
        }
        var query: [String: String] { items(String(target.drop { $0 != "?" }.dropFirst())) }
        var form: [String: String] { items(text, plusIsSpace: true) }
    }

    indirect enum Reply: Sendable {
        case answer(Int, [String: String] = [:], String = "")
        /// Announces the whole body and sends only its beginning.
        case truncated(String, keeping: Int)
        case drop
        /// Answers nothing until the caller gives up.
        case stall
        /// Answers later.
        case after(Duration, Reply)
        /// These bytes, head and all, and then the end of the connection.
        case raw(String)
    }

    private struct State {
        var requests: [Request] = []
        var refusals: [String] = []
    }

    private final class Log: Sendable {
        let state = Locked(State())
    }

    private let log = Log()
    private let server: ScriptedServer

    /// Requests whose signature held, in the order they came.
    var requests: [Request] { log.state.withLock { $0.requests } }
    /// Why others were refused.
    var refusals: [String] { log.state.withLock { $0.refusals } }
    var port: Int { server.port }
    var connectionCount: Int { server.connectionCount }

    /// `clock` is how far this server's clock is ahead of the machine's; `accounts` are those it knows, with the
    /// times at which they expire. The script gets each good request with its number from 0.
    init(
        clock: Duration = .zero, accounts: [Credentials] = [StrictServer.credentials],
        acceptsUnsigned: Bool = false,
        script: @escaping @Sendable (Request, Int) -> Reply = { _, _ in .answer(200) }
    ) throws {
        let log = log
        server = try ScriptedServer { connection in
            while true {
                let received = try connection.readRequest()
                let now = Timestamp.now + clock
                let verifier = SignatureVerifier(received, now: now, accounts: accounts)
                switch verifier.verify(acceptsUnsigned: acceptsUnsigned) {
                case .failure(let refusal):
                    log.state.withLock { $0.refusals.append(refusal.reason) }
                    try connection.respond(
                        403, headers: ["Date: \(now.httpDate)", "Content-Type: application/json"],
                        body: ["s3", "sns", "sts"].contains(verifier.service)
                            ? "<Error><Code>\(refusal.code)</Code><Message>\(refusal.reason)</Message></Error>"
                            : "{\"__type\":\"x#\(refusal.code)\",\"message\":\"\(refusal.reason)\"}")
                case .success(let request):
                    let number = log.state.withLock { state in
                        state.requests.append(request)
                        return state.requests.count - 1
                    }
                    let reply = script(request, number)
                    guard try Self.send(reply, to: request, at: now, on: connection) else { return }
                }
            }
        }
    }

    /// False when the connection ends with it.
    private static func send(
        _ reply: Reply, to request: Request, at now: Timestamp, on connection: ScriptedServer.Connection
    ) throws -> Bool {
        let date = "Date: \(now.httpDate)"
        switch reply {
        case .answer(let status, let headers, let body):
            let lines =
                (headers["Date"] == nil ? [date] : []) + headers.map { "\($0.key): \($0.value)" }
            if request.method == "HEAD" {
                let head = ["HTTP/1.1 \(status) Scripted"] + lines + ["", ""]
                try connection.write(head.joined(separator: "\r\n"))
            } else {
                try connection.respond(status, headers: lines, body: body)
            }
            return true
        case .truncated(let body, let count):
            try connection.write(
                "HTTP/1.1 200 OK\r\n\(date)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                    + body.prefix(count))
            return false
        case .drop: return false
        case .stall:
            connection.waitForHangUp()
            return false
        case .after(let delay, let reply):
            usleep(UInt32(delay / .microseconds(1)))
            return try send(reply, to: request, at: now, on: connection)
        case .raw(let bytes):
            try connection.write(bytes)
            return false
        }
    }

    func configuration(_ change: (inout AWSClient.Configuration) -> Void = { _ in }) throws
        -> AWSClient.Configuration
    {
        var configuration = try AWSClient.Configuration(region: Self.region)
        configuration.endpoint = server.url()
        change(&configuration)
        return configuration
    }

    /// A client whose pauses take no time.
    func client(
        clock: FakeClock = FakeClock(), credentials: any CredentialProvider = StrictServer.credentials,
        _ change: (inout AWSClient.Configuration) -> Void = { _ in }
    ) throws -> AWSClient {
        AWSClient(
            http: TestLoop.http, configuration: try configuration(change), credentials: credentials,
            clock: clock.clock)
    }
}

/// The loop of all tests of this target.
enum TestLoop {
    static let loop = EventLoop.onNewThread()
    static let http = HTTPClient(loop: loop)
}

/// A clock that is wrong by `error`, sleeps in no time and remembers for how long it would have. Its invocation, if
/// there is one, ends `timeLeft` after the clock was made.
final class FakeClock: Sendable {
    private let naps = Locked<[Duration]>([])
    private let error: Duration
    private let random: Double
    private let timeLeft: Duration?

    init(error: Duration = .zero, random: Double = 0.5, timeLeft: Duration? = nil) {
        self.error = error
        self.random = random
        self.timeLeft = timeLeft
    }

    var sleeps: [Duration] { naps.withLock { $0 } }

    var clock: AWSClient.Clock {
        AWSClient.Clock(
            now: { [error] in Timestamp.now + error },
            elapsed: { [naps] in naps.withLock { $0.reduce(.zero, +) } },
            sleep: { [naps] duration in naps.withLock { $0.append(duration) } },
            random: { [random] in random },
            timeLeft: { [naps, timeLeft] in
                let slept = naps.withLock { $0.reduce(.zero, +) }
                return timeLeft.map { $0 - slept }
            })
    }
}
