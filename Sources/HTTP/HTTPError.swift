/// Why an HTTP exchange or a WebSocket failed: the phase, the address without secrets, libcurl's reason.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// Grows: switch with a default.
    public struct Code: Sendable, Hashable, RawRepresentable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let invalidRequest = Code(rawValue: "invalidRequest")
        public static let resolve = Code(rawValue: "resolve")
        public static let connect = Code(rawValue: "connect")
        public static let tls = Code(rawValue: "tls")
        public static let send = Code(rawValue: "send")
        public static let receive = Code(rawValue: "receive")
        public static let connectTimeout = Code(rawValue: "connectTimeout")
        public static let idleTimeout = Code(rawValue: "idleTimeout")
        public static let timeout = Code(rawValue: "timeout")
        public static let responseTooLarge = Code(rawValue: "responseTooLarge")
        /// The body ended before its Content-Length.
        public static let truncated = Code(rawValue: "truncated")
        public static let tooManyRedirects = Code(rawValue: "tooManyRedirects")
        public static let cancelled = Code(rawValue: "cancelled")
        /// The request's own body source threw: see `underlying`.
        public static let bodySource = Code(rawValue: "bodySource")
        public static let webSocketHandshake = Code(rawValue: "webSocketHandshake")
        public static let webSocketProtocol = Code(rawValue: "webSocketProtocol")
        public static let webSocketClosed = Code(rawValue: "webSocketClosed")
    }
    public let code: Code
    public let url: String
    public let reason: String
    public let underlying: (any Error)?
    /// False when no byte of the request can have reached the server (resolve, connect, TLS, connect time-out).
    public let mayHaveBeenSent: Bool
    public var description: String { fatalError("stub") }
}
