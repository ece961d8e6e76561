public import HTTP

/// An HTTP/1.1 server on 127.0.0.1 for local use and tests, over libmicrohttpd.
public final class HTTPServer: Sendable {
    /// Answers one request. Its task runs on the server's loop and is cancelled when the client hangs up or the
    /// server stops; it may wait as long as it likes.
    public typealias Handler = @Sendable (ServerRequest) async -> ServerResponse

    /// The port it listens on.
    public let port: Int

    /// Starts at once. Port 0 takes any free one.
    public init(port: Int = 0, on loop: EventLoop, bodyLimit: Int = 16 << 20, handler: @escaping Handler)
        throws(ServerError)
    {
        fatalError("stub")
    }

    /// Cancels what is running, answers it with 503, closes every connection. Safe twice.
    public func stop() { fatalError("stub") }
}

/// The server could not be started.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// A sentence that names the port and the reason.
    public let description: String
}
