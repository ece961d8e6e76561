import Crypto
import HTTP
import JSON
import Synchronization
import TestSupport

@testable import ComfyUI

/// A worker on a loopback socket that answers what a test says: HTTP by a function, each `/ws` by a script.
final class StubWorker: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        var method: String
        var target: String
        var headers: [String]
        var body: [UInt8]

        /// `POST /queue {"delete":["x"]}`.
        var summary: String {
            let text = body.count < 300 ? String(decoding: body, as: UTF8.self) : "…"
            return ["\(method) \(target)", text].filter { !$0.isEmpty }.joined(separator: " ")
        }
    }

    /// An answer.
    struct Answer: Sendable {
        var status = 200
        var body: [UInt8] = []

        static func json(_ json: JSON, status: Int = 200) -> Answer {
            Answer(status: status, body: json.serialized())
        }
        static func status(_ status: Int) -> Answer { Answer(status: status) }
    }

    private struct State {
        var requests: [Request] = []
        var sockets = 0
        var openSockets: Set<Int> = []
        var mostOpenSockets = 0
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared = Shared()
    let server: ScriptedServer

    /// `socket` gets each WebSocket with its number from 0; nil refuses the upgrade with 404.
    init(
        socket: (@Sendable (Socket, Int) throws -> Void)? = nil,
        answer: @escaping @Sendable (Request, Int) -> Answer
    ) throws {
        let shared = shared
        server = try ScriptedServer { connection in
            while true {
                let read = try connection.readRequest()
                let parts = read.line.split(separator: " ").map(String.init)
                let request = Request(
                    method: parts[0], target: parts[1], headers: read.headers, body: read.body)
                let (path, count) = shared.state.withLock { state in
                    let path = request.target.prefix { $0 != "?" }
                    let count = state.requests.count { $0.target.prefix { $0 != "?" } == path }
                    state.requests.append(request)
                    return (path, count)
                }
                guard path.hasSuffix("/ws"), let socket, let key = read.header("sec-websocket-key") else {
                    let answer = answer(request, count)
                    try connection.respond(
                        answer.status, headers: ["Content-Type: application/json"], body: answer.body)
                    continue
                }
                let accepted = Base64.encode(
                    SHA1.hash(Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
                try connection.write(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                        + "Sec-WebSocket-Accept: \(accepted)\r\n\r\n")
                let index = shared.state.withLock { state in
                    state.openSockets.insert(state.sockets)
                    state.mostOpenSockets = max(state.mostOpenSockets, state.openSockets.count)
                    state.sockets += 1
                    return state.sockets - 1
                }
                let ended: @Sendable () -> Void = {
                    shared.state.withLock { _ = $0.openSockets.remove(index) }
                }
                defer { ended() }
                try socket(Socket(connection: connection, ended: ended), index)
                return
            }
        }
    }

    /// Every request so far, in order; upgrades too.
    var requests: [Request] { shared.state.withLock { $0.requests } }
    /// How many sockets were opened, and how many at the most at once.
    var sockets: (opened: Int, most: Int) { shared.state.withLock { ($0.sockets, $0.mostOpenSockets) } }

    /// A client of it.
    func client(_ loop: EventLoop, path: String = "", authorization: String? = nil) -> ComfyUIClient {
        let (http, url) = (HTTPClient(loop: loop), server.url(path))
        guard let authorization else { return ComfyUIClient(http: http, address: url) }
        return ComfyUIClient(http: http, address: url, authorization: { authorization })
    }

    /// The server's end of a WebSocket.
    struct Socket: Sendable {
        let connection: ScriptedServer.Connection
        let ended: @Sendable () -> Void

        /// One unfragmented, unmasked text frame.
        func send(_ text: String) throws { try send(0x1, Array(text.utf8)) }

        /// One binary frame.
        func send(_ bytes: [UInt8]) throws { try send(0x2, bytes) }

        private func send(_ opcode: UInt8, _ payload: [UInt8]) throws {
            let length: [UInt8] =
                switch payload.count {
                case ..<126: [UInt8(payload.count)]
                case ..<65_536: [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
                default: [127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
                }
            try connection.write([0x80 | opcode] + length + payload)
        }

        /// The next message, a text of at most 125 bytes in one frame, which a client masks (RFC 6455 §5.3).
        func receiveText() throws -> String {
            let head = try connection.read(2)
            let mask = try connection.read(4)
            let payload = try connection.read(Int(head[1] & 0x7F))
            return String(decoding: payload.enumerated().map { $1 ^ mask[$0 % 4] }, as: UTF8.self)
        }

        /// Reads until the client sends a close frame, and answers it.
        func waitForClose() throws {
            while true {
                let head = try connection.read(2)
                let length = Int(head[1] & 0x7F)
                _ = try connection.read(4 + length)
                if head[0] & 0xF == 0x8 {
                    // Before the answer, on which the client may connect again at once.
                    ended()
                    return try send(0x8, [])
                }
            }
        }
    }
}

/// Runs a test's body on an event loop of its own.
func onLoop<T: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> T) async throws -> T {
    let loop = EventLoop.onNewThread()
    defer { loop.shutdown() }
    return try await loop.task { try await body(loop) }.value
}
