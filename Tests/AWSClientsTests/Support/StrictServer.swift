import Crypto
import HTTP
import JSON
import TestSupport
import Time

@testable import AWSClients

/// A loopback AWS that believes nothing: it recomputes every signature from the bytes received, by the rules of AWS's
/// documentation and with nothing of the signer's code, and then does to the caller whatever the test scripts.
final class StrictServer: Sendable {
    static let credentials = Credentials(
        accessKeyID: SignatureVerifier.accessKeyID, secretAccessKey: SignatureVerifier.secretAccessKey,
        sessionToken: SignatureVerifier.sessionToken)
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

    enum Reply: Sendable {
        case answer(Int, [String: String] = [:], String = "")
        /// Announces the whole body and sends only its beginning.
        case truncated(String, keeping: Int)
        case drop
        /// Answers nothing until the caller gives up.
        case stall
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

    /// `clock` is how far this server's clock is ahead of the machine's. The script gets each good request with its
    /// number from 0.
    init(
        clock: Duration = .zero,
        script: @escaping @Sendable (Request, Int) -> Reply = { _, _ in .answer(200) }
    ) throws {
        let log = log
        server = try ScriptedServer { connection in
            while true {
                let received = try connection.readRequest()
                let now = Timestamp.now + clock
                let verifier = SignatureVerifier(received, now: now)
                let date = ["Date: \(now.httpDate)"]
                switch verifier.verify() {
                case .failure(let refusal):
                    log.state.withLock { $0.refusals.append(refusal.reason) }
                    let headers = date + ["Content-Type: application/json"]
                    try connection.respond(
                        403, headers: headers,
                        body: verifier.service == "s3" || verifier.service == "sns"
                            ? "<Error><Code>\(refusal.code)</Code><Message>\(refusal.reason)</Message></Error>"
                            : "{\"__type\":\"x#\(refusal.code)\",\"message\":\"\(refusal.reason)\"}")
                case .success(let request):
                    let number = log.state.withLock { state in
                        state.requests.append(request)
                        return state.requests.count - 1
                    }
                    switch script(request, number) {
                    case .answer(let status, let headers, let body):
                        let lines =
                            (headers["Date"] == nil ? date : []) + headers.map { "\($0.key): \($0.value)" }
                        if request.method == "HEAD" {
                            try connection.write(
                                (["HTTP/1.1 \(status) Scripted"] + lines + ["", ""]).joined(separator: "\r\n")
                            )
                        } else {
                            try connection.respond(status, headers: lines, body: body)
                        }
                    case .truncated(let body, let count):
                        try connection.write(
                            "HTTP/1.1 200 OK\r\n\(date[0])\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                                + body.prefix(count))
                        return
                    case .drop:
                        return
                    case .stall:
                        connection.waitForHangUp()
                        return
                    }
                }
            }
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
        clock: FakeClock = FakeClock(), credentials: Credentials = StrictServer.credentials,
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

/// A clock that is wrong by `error`, sleeps in no time and remembers for how long it would have.
final class FakeClock: Sendable {
    private let naps = Locked<[Duration]>([])
    private let error: Duration
    private let random: Double

    init(error: Duration = .zero, random: Double = 0.5) {
        self.error = error
        self.random = random
    }

    var sleeps: [Duration] { naps.withLock { $0 } }

    var clock: AWSClient.Clock {
        AWSClient.Clock(
            now: { [error] in Timestamp.now + error },
            elapsed: { [naps] in naps.withLock { $0.reduce(.zero, +) } },
            sleep: { [naps] duration in naps.withLock { $0.append(duration) } },
            random: { [random] in random })
    }
}
