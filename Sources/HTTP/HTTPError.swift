/// Why an HTTP exchange or a WebSocket failed: the phase, the address without secrets, libcurl's reason.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
    /// Grows: switch with a default.
    public struct Code: Sendable, Hashable, RawRepresentable {
        /// The code's name, as logs show it.
        public let rawValue: String
        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The request could not be made: an address, a method or a header that is none. Nothing was sent.
        public static let invalidRequest = Code(rawValue: "invalidRequest")
        /// The host's name has no address, or no name server answered.
        public static let resolve = Code(rawValue: "resolve")
        /// The request's `AddressGuard` does not let it go where its address, or a redirect, leads.
        public static let forbiddenAddress = Code(rawValue: "forbiddenAddress")
        /// Nobody listens at the address, or a proxy refused.
        public static let connect = Code(rawValue: "connect")
        /// The TLS handshake failed; an untrusted certificate or another host's is the usual reason.
        public static let tls = Code(rawValue: "tls")
        /// The connection broke while the request was on its way.
        public static let send = Code(rawValue: "send")
        /// The connection broke, or said what is no HTTP, while the response was awaited.
        public static let receive = Code(rawValue: "receive")
        /// `Timeouts.connect` ran out.
        public static let connectTimeout = Code(rawValue: "connectTimeout")
        /// `Timeouts.idle` ran out.
        public static let idleTimeout = Code(rawValue: "idleTimeout")
        /// `Timeouts.total` ran out.
        public static let timeout = Code(rawValue: "timeout")
        /// Body or head over their limit.
        public static let responseTooLarge = Code(rawValue: "responseTooLarge")
        /// The body ended before its Content-Length or its last chunk.
        public static let truncated = Code(rawValue: "truncated")
        /// More redirects than the request allows.
        public static let tooManyRedirects = Code(rawValue: "tooManyRedirects")
        /// A redirect that is not followed: to no http address, from https to http, or of a streamed body.
        public static let redirect = Code(rawValue: "redirect")
        /// The task was cancelled, or its loop was shut down.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The request's own body source threw, or gave another length than it promised: see `underlying`.
        public static let bodySource = Code(rawValue: "bodySource")
        /// The peer did not agree to speak WebSocket.
        public static let webSocketHandshake = Code(rawValue: "webSocketHandshake")
        /// The peer broke RFC 6455, or a message was over its limit.
        public static let webSocketProtocol = Code(rawValue: "webSocketProtocol")
        /// The connection is closed or vanished.
        public static let webSocketClosed = Code(rawValue: "webSocketClosed")
    }

    /// What failed.
    public let code: Code
    /// The address, redacted.
    public let url: String
    /// libcurl's reason, or a sentence of this client's.
    public let reason: String
    /// What the request's body source threw.
    public let underlying: (any Error)?
    /// False when no byte of the request can have reached the server (resolve, connect, TLS, connect time-out).
    public let mayHaveBeenSent: Bool

    /// `connect failed for https://host/path?…: Connection refused`
    public var description: String {
        let cause = underlying.map { " (\($0))" } ?? ""
        return "\(code.rawValue) failed for \(url): \(reason)\(cause)"
    }

    init(
        _ code: Code, _ url: URL, _ reason: String, underlying: (any Error)? = nil, mayHaveBeenSent: Bool
    ) {
        self.code = code
        self.url = url.redacted
        self.reason = reason
        self.underlying = underlying
        self.mayHaveBeenSent = mayHaveBeenSent
    }
}
