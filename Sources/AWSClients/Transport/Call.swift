import HTTP

/// One call before it is signed: everything an attempt is made from, so that each attempt is made anew.
struct Call: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Pieces that add up to `length`, sent in chunks as they come. Cannot be replayed.
        case chunked(ChunkedEncoding, length: Int, next: @Sendable () async throws -> [UInt8]?)
    }

    let operation: Operation
    var method: HTTPMethod
    /// A bucket that goes in front of the endpoint's host.
    var hostPrefix: String?
    /// Encoded as it is sent, beginning with `/`; the endpoint's own path goes in front.
    var path = "/"
    /// Not encoded. Names are sorted when sent.
    var query: [(name: String, value: String)] = []
    var headers: HTTPHeaders = [:]
    var body: Body = .bytes([])
    var responseLimit = 8 << 20
    /// A body that streams either way, or is large, has no limit on its whole time, only on silence.
    var streams = false
    /// From here on a body is large: an attempt's usual limit would ask for 3 Mbit/s.
    static let largeBody = 8 << 20
    /// Time the service itself was asked to wait (long polling): added to the limits.
    var longPoll: Duration = .zero
    /// Repeated as the policy says though the retry quota is spent.
    var isInsistent = false
    /// False where the operation itself is what gives credentials.
    var isSigned = true

    init(_ operation: Operation, _ method: HTTPMethod) {
        self.operation = operation
        self.method = method
    }

    var isReplayable: Bool {
        switch body {
        case .bytes: true
        case .chunked: false
        }
    }
}
