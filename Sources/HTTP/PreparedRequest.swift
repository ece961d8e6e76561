/// A request of a `PlainClient` that is sent again and again: its head is checked and written once, but for a piece of its target and the
/// length of its body.
public struct PreparedRequest: Sendable {
    /// The head up to the piece, and from there on; what follows says how long the body is.
    private let before: [UInt8]
    private let after: [UInt8]
    /// Without piece and body.
    private let whole: [UInt8]
    private let limits: PlainExchange.Limits
    private let pool: PlainConnectionPool

    init(_ request: PlainClient.Request, _ ending: String, _ pool: PlainConnectionPool) {
        var before: [UInt8] = []
        before.append(request.method.rawValue)
        before.append(" ")
        before.append(request.target)
        var after: [UInt8] = []
        after.append(ending)
        after.append(pool.lineAndHost)
        for (name, value) in request.headers {
            after.append(name)
            after.append(": ")
            after.append(value)
            after.append("\r\n")
        }
        self.before = before
        self.after = after
        whole = before + after + [0x0D, 0x0A]
        self.pool = pool
        limits = request.limits
    }

    /// A body of at most so many bytes is copied behind the head: cheaper than to hand the system two pieces.
    private static let smallBody = 4096

    /// An exchange that has not begun.
    /// - Parameter piece: any text, which is percent-encoded; it stands between target and ending.
    /// - Parameter body: nil: none, which is not the same as an empty one.
    public func exchange(piece: String = "", body: [UInt8]? = nil) -> PlainExchange {
        if piece.isEmpty, body == nil { return PlainExchange(whole, nil, limits, pool) }
        var head: [UInt8] = []
        // Room for a UUID and for the length.
        let small = body.flatMap { $0.count <= Self.smallBody ? $0 : nil } ?? []
        head.reserveCapacity(before.count + piece.utf8.count + after.count + 40 + small.count)
        head += before
        head.append(URL.percentEncode(piece))
        head += after
        if let body {
            head.append("Content-Length: ")
            head.append(String(body.count))
            head.append("\r\n")
        }
        head.append("\r\n")
        if small.isEmpty { return PlainExchange(head, body, limits, pool) }
        head += small
        return PlainExchange(head, nil, limits, pool)
    }
}

extension PlainClient.Request {
    var limits: PlainExchange.Limits {
        .init(connect: connectTimeout, whole: timeout, response: responseLimit)
    }
}

extension Array<UInt8> {
    /// The text's bytes, in one piece.
    fileprivate mutating func append(_ text: String) {
        unsafe text.utf8Span.span.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
