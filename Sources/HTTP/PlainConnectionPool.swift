/// The connections of a plain client between their exchanges.
///
/// `@unchecked Sendable`: all but `url` is used on the loop's thread only.
final class PlainConnectionPool: @unchecked Sendable {
    let loop: EventLoop
    let server: URL
    /// The request line's end and the first header.
    let lineAndHost: String
    /// Open, and without an exchange. The last one used is the next one used.
    private var idle: [PlainConnection] = []
    private var isClosed = false
    /// Of the server's responses.
    let known: KnownTexts

    init(_ loop: EventLoop, _ server: URL, _ known: KnownTexts) {
        self.known = known
        self.loop = loop
        self.server = server
        lineAndHost = " HTTP/1.1\r\nHost: \(server.authority)\r\n"
    }

    /// For errors.
    func url(_ target: String) -> URL {
        var url = server
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        url.path = String(parts.first ?? "/")
        url.query = parts.count > 1 ? String(parts[1]) : nil
        return url
    }

    /// Once. Nothing happens when `cancel` came first.
    func start(_ exchange: PlainExchange) {
        if exchange.isOver { return }
        (idle.popLast() ?? PlainConnection(self)).start(exchange)
    }

    func cancel(_ exchange: PlainExchange) {
        if let connection = exchange.connection {
            connection.fail(.cancelled, "the task was cancelled")
        } else {
            let error = HTTPError(
                .cancelled, exchange.url, "the task was cancelled", mayHaveBeenSent: false)
            exchange.fail(error)
        }
    }

    /// Takes back a connection that can be used again.
    func give(_ connection: PlainConnection) {
        if isClosed { connection.close() } else { idle.append(connection) }
    }

    /// A connection has ended while nobody used it.
    func drop(_ connection: PlainConnection) {
        idle.removeAll { $0 === connection }
    }

    /// The client is gone.
    func close() {
        isClosed = true
        for connection in idle { connection.close() }
        idle = []
    }
}
