/// An open WebSocket connection (RFC 6455), client side. Pings are answered by `receive`.
public final class WebSocket: Sendable {
    /// A message, reassembled from its fragments.
    public enum Message: Sendable, Hashable { case text(String), binary([UInt8]) }
    /// The next message; nil after a clean close. Throws `webSocketClosed` when the peer vanished. Cancellable.
    public func receive() async throws(HTTPError) -> Message? { fatalError("stub") }
    public func send(_ message: Message) async throws(HTTPError) { fatalError("stub") }
    public func ping() async throws(HTTPError) { fatalError("stub") }
    /// Sends a close frame, waits briefly for the peer's, and frees the connection. Safe twice.
    public func close(code: UInt16 = 1000) async { fatalError("stub") }
    init() {}
}
