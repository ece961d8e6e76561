/// An open WebSocket connection (RFC 6455), client side. Pings are answered by `receive`.
///
/// One task may receive while others send. Dropping the last reference without `close` drops the connection.
public final class WebSocket: Sendable {
    /// A message, reassembled from its fragments.
    public enum Message: Sendable, Hashable {
        /// Valid UTF-8.
        case text(String)
        /// Any bytes.
        case binary([UInt8])
    }

    /// What the peer's close frame said.
    public struct Closing: Sendable, Hashable {
        /// RFC 6455 §7.4; nil when it gave none.
        public var code: UInt16?
        /// For people; often empty.
        public var reason: String
    }

    let connection: WebSocketConnection
    private let loop: EventLoop

    init(_ connection: WebSocketConnection, on loop: EventLoop) {
        self.connection = connection
        self.loop = loop
    }

    deinit {
        let connection = connection
        loop.perform { connection.drop() }
    }

    /// The next message; nil after a clean close. Throws `webSocketClosed` when the peer vanished. Cancellable: the
    /// connection stays as it is, and nothing is lost. One receiver at a time.
    public func receive() async throws(HTTPError) -> Message? {
        let (connection, loop) = (connection, loop)
        let ticket = connection.newTicket()
        let result: Result<Message?, HTTPError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.perform { connection.receive(ticket) { continuation.resume(returning: $0) } }
            }
        } onCancel: {
            loop.perform { connection.cancelReceive(ticket) }
        }
        return try result.get()
    }

    /// Returns when the system has taken the whole message. Cancelling it midway drops the connection: half a frame
    /// cannot be taken back.
    public func send(_ message: Message) async throws(HTTPError) {
        switch message {
        case .text(let text): try await send(WebSocketFrame(opcode: .text, payload: Array(text.utf8)))
        case .binary(let bytes): try await send(WebSocketFrame(opcode: .binary, payload: bytes))
        }
    }

    /// Sends a ping; the peer's pong is swallowed by `receive`.
    public func ping() async throws(HTTPError) {
        try await send(WebSocketFrame(opcode: .ping, payload: []))
    }

    private func send(_ frame: WebSocketFrame) async throws(HTTPError) {
        let (connection, loop) = (connection, loop)
        let ticket = connection.newTicket()
        let result: Result<Void, HTTPError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.perform { connection.send(frame, ticket) { continuation.resume(returning: $0) } }
            }
        } onCancel: {
            loop.perform { connection.cancelSend(ticket) }
        }
        try result.get()
    }

    /// Sends a close frame, waits briefly (2 s) for the peer's, and frees the connection. Safe twice. Codes: 1000, or
    /// 3000 to 4999.
    public func close(code: UInt16 = 1000) async {
        let (connection, loop) = (connection, loop)
        await withCheckedContinuation { continuation in
            loop.perform { connection.close(code: code) { continuation.resume() } }
        }
    }

    /// What the peer said when it closed; nil while it has not.
    public var closing: Closing? {
        get async {
            let (connection, loop) = (connection, loop)
            return await withCheckedContinuation { continuation in
                loop.perform { continuation.resume(returning: connection.closing) }
            }
        }
    }
}

extension HTTPClient {
    /// WebSocket (RFC 6455) over `CURLOPT_CONNECT_ONLY`; ws and wss. `frameLimit` bounds a message too.
    ///
    /// `timeouts.connect` and `timeouts.total` hold until the handshake is done; an open connection has no limits: put
    /// `withDeadline` around `receive`.
    public func webSocket(
        _ url: URL, headers: HTTPHeaders = [:], frameLimit: Int = 16 << 20, timeouts: Timeouts = .init()
    ) async throws(HTTPError) -> WebSocket {
        guard url.scheme == "ws" || url.scheme == "wss" else {
            throw HTTPError(.invalidRequest, url, "no ws or wss address", mayHaveBeenSent: false)
        }
        var address = url
        address.scheme = url.isSecure ? "https" : "http"
        try check(Request(.get, address, headers: headers))
        let transport = address
        let connection = WebSocketConnection(url, headers, frameLimit: frameLimit, pool: pool)
        let loop = loop
        let result: Result<Void, HTTPError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.perform {
                    connection.open(transport, timeouts) { continuation.resume(returning: $0) }
                }
            }
        } onCancel: {
            loop.perform { connection.drop() }
        }
        try result.get()
        return WebSocket(connection, on: loop)
    }
}
