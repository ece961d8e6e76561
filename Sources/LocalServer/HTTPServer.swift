internal import CMicroHTTPD
public import HTTP

/// An HTTP/1.1 server on 127.0.0.1 for local use and tests, over libmicrohttpd.
///
/// libmicrohttpd's own thread reads and writes the sockets; handlers run on the event loop, and their connection is
/// suspended meanwhile, so that a thousand of them may wait at once.
public final class HTTPServer: Sendable {
    /// Answers one request. Its task runs on the server's loop and is cancelled when the client hangs up (closing
    /// only its sending side counts as that) or the server stops; it may wait as long as it likes.
    public typealias Handler = @Sendable (ServerRequest) async -> ServerResponse

    /// Looks at the head of a request, on the server's own thread: the receiver that it gives takes the body.
    public typealias BodyReception = @Sendable (ServerRequest) -> (any BodyReceiver)?

    /// The port it listens on.
    public let port: Int
    private let daemon: ServerDaemon

    /// Starts at once. Port 0 takes any free one. A body over `bodyLimit` bytes is answered with 413.
    /// - Parameter receiver: for requests whose body is not to be waited for; the handler is called when it has ended.
    public init(
        port: Int = 0, on loop: EventLoop, bodyLimit: Int = 16 << 20,
        receiver: @escaping BodyReception = { _ in nil },
        handler: @escaping Handler
    ) throws(ServerError) {
        daemon = ServerDaemon(on: loop, bodyLimit: bodyLimit, receiver: receiver, handler: handler)
        guard let number = UInt16(exactly: port), daemon.start(number) else {
            throw ServerError(description: "127.0.0.1:\(port) cannot be listened on: is the port in use?")
        }
        self.port = daemon.port
    }

    deinit { stop() }

    /// Cancels the handlers under way and closes every connection. Safe twice.
    public func stop() { daemon.stop() }
}

/// The server could not be started.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// A sentence that names the port and the reason.
    public let description: String
}

/// Owns libmicrohttpd's daemon and receives its callbacks.
///
/// `@unchecked Sendable`: `handle` is set before anyone else has the object and is taken by the one call of `stop`
/// that finds the registry still open.
@safe final class ServerDaemon: @unchecked Sendable {
    let loop: EventLoop
    let bodyLimit: Int
    let receiver: HTTPServer.BodyReception
    let handler: HTTPServer.Handler
    let registry = ServerRegistry()
    private var handle: OpaquePointer?

    init(
        on loop: EventLoop, bodyLimit: Int, receiver: @escaping HTTPServer.BodyReception,
        handler: @escaping HTTPServer.Handler
    ) {
        self.loop = loop
        self.bodyLimit = bodyLimit
        self.receiver = receiver
        self.handler = handler
    }

    func start(_ port: UInt16) -> Bool {
        let owner = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe handle = comfy_mhd_start(
            port,
            { owner, target, _ in
                guard let owner = unsafe owner, let target = unsafe target else { return nil }
                let daemon = unsafe Unmanaged<ServerDaemon>.fromOpaque(owner).takeUnretainedValue()
                let exchange = unsafe ServerExchange(daemon, target: String(cString: target))
                return unsafe Unmanaged.passRetained(exchange).toOpaque()
            },
            { _, connection, _, method, _, data, size, exchange in
                guard let exchange = unsafe ServerDaemon.exchange(exchange?.pointee),
                    let connection = unsafe connection,
                    let method = unsafe method, let size = unsafe size
                else { return .NO }
                let piece = unsafe UnsafeRawBufferPointer(start: data, count: size.pointee)
                unsafe size.pointee = 0
                return unsafe exchange.proceed(connection, String(cString: method), piece) ? .YES : .NO
            },
            { _, _, exchange, _ in
                guard let pointer = unsafe exchange?.pointee else { return }
                unsafe exchange?.pointee = nil
                unsafe Unmanaged<ServerExchange>.fromOpaque(pointer).takeRetainedValue().complete()
            }, owner)
        return unsafe handle != nil
    }

    private static func exchange(_ pointer: UnsafeMutableRawPointer?) -> ServerExchange? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe Unmanaged<ServerExchange>.fromOpaque(pointer).takeUnretainedValue()
    }

    var port: Int { unsafe Int(comfy_mhd_port(handle)) }

    func stop() {
        guard let waiting = registry.close() else { return }
        // The daemon must not be stopped while a connection is suspended.
        for exchange in waiting { exchange.resume(with: .stopped) }
        unsafe MHD_stop_daemon(handle)
    }
}
