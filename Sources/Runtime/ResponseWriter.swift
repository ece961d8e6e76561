public import HTTP

/// Where a `StreamingHandler` writes its response.
///
/// Back-pressure: `write` returns when the piece before it is on its way, so that no more than two pieces are in memory, however slow the
/// reader is. Throws `ResponseStreamClosed` when nobody reads any more, `CancellationError` when the handler's time is over.
public struct ResponseWriter: Sendable {
    private let channel: ResponseChannel

    init(_ channel: ResponseChannel) { self.channel = channel }

    /// Starts a response that is no HTTP's, before its first piece. Without this it is `application/octet-stream`.
    public func begin(contentType: String) async throws {
        try channel.open(contentType)
    }

    /// Starts an HTTP response, for function URLs and API Gateway: before its first piece, and instead of the other `begin`.
    ///
    /// - Parameter status: of three digits.
    /// - Parameter headers: of a name that comes twice the values are joined, cookies excepted.
    /// - Parameter cookies: each a `Set-Cookie` value.
    public func begin(status: Int, headers: HTTPHeaders = [:], cookies: [String] = []) async throws {
        try await begin(HTTPResponse(status: status, headers: headers, cookies: cookies))
    }

    /// Starts an HTTP response; its body, if it has one, is the first piece.
    public func begin(_ response: HTTPResponse) async throws {
        try channel.open(HTTPResponse.preludeType)
        try await channel.write(response.prelude)
        if !response.body.isEmpty { try await channel.write(response.body) }
    }

    /// The next piece. Goes out at once, as a chunk of its own: collect what is small.
    public func write(_ piece: [UInt8]) async throws {
        try await channel.write(piece)
    }

    /// The next piece, as UTF-8.
    public func write(_ text: String) async throws {
        try await channel.write(Array(text.utf8))
    }
}

/// The response can take nothing more: its reader has gone, or its handler was given up at the deadline.
public struct ResponseStreamClosed: Error, Sendable, CustomStringConvertible {
    /// Why.
    public let description: String
}
