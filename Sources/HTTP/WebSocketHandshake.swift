import Crypto

/// The opening handshake of RFC 6455 §4.1: what is sent, and what the answer must be.
struct WebSocketHandshake {
    private static let headLimit = 16 << 10
    private let key: String
    private let protocols: [String]
    let request: [UInt8]
    private var head: [UInt8] = []

    /// `key` is 16 random bytes in Base64.
    init(_ url: URL, _ headers: HTTPHeaders, key: String, userAgent: String?) {
        self.key = key
        protocols = Self.tokens(headers["sec-websocket-protocol"] ?? "")
        var lines = [
            "GET \(url.target) HTTP/1.1", "Host: \(url.authority)", "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13",
        ]
        if let userAgent, !headers.contains("user-agent") { lines.append("User-Agent: \(userAgent)") }
        let own = [
            "host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version",
            "sec-websocket-extensions",
        ]
        for (name, value) in headers where !own.contains(name.lowercased()) {
            lines.append("\(name): \(value)")
        }
        request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// The answer's head refuses, breaks a rule, or is no HTTP.
    struct Refusal: Error, Equatable {
        let reason: String
    }

    /// Takes what was received. nil: more is needed; else the bytes after the head, which are frames already.
    mutating func receive(_ bytes: ArraySlice<UInt8>) throws(Refusal) -> [UInt8]? {
        // The end may straddle two pieces.
        let searched = max(0, head.count - 3)
        head += bytes
        let blank = Array("\r\n\r\n".utf8)
        var end = searched
        while end + 4 <= head.count, !head[end...].starts(with: blank) { end += 1 }
        guard end + 4 <= head.count else {
            if head.count > Self.headLimit {
                throw Refusal(reason: "the answer's head is over \(Self.headLimit) bytes")
            }
            return nil
        }
        try check(head[..<end])
        return Array(head[(end + 4)...])
    }

    private func check(_ head: ArraySlice<UInt8>) throws(Refusal) {
        var status: Int?
        var headers = HTTPHeaders()
        for line in head.split(separator: 0x0A) {
            switch ResponseHeadLine(line.span) {
            case .status(let code): status = code
            case .field(let name, let value): headers.add(name, value)
            case .end: break
            case .malformed: throw Refusal(reason: "the answer is no HTTP")
            }
        }
        guard let status else { throw Refusal(reason: "the answer is no HTTP") }
        guard status == 101 else { throw Refusal(reason: "the server answered \(status)") }
        guard Self.tokens(headers["upgrade"] ?? "").contains("websocket") else {
            throw Refusal(reason: "the answer has no Upgrade: websocket")
        }
        guard Self.tokens(headers["connection"] ?? "").contains("upgrade") else {
            throw Refusal(reason: "the answer has no Connection: Upgrade")
        }
        guard headers["sec-websocket-accept"] == Self.accept(key) else {
            throw Refusal(reason: "Sec-WebSocket-Accept is not the answer to the key sent")
        }
        guard !headers.contains("sec-websocket-extensions") else {
            throw Refusal(reason: "the server chose an extension that was not offered")
        }
        if let chosen = headers["sec-websocket-protocol"], !protocols.contains(chosen.lowercased()) {
            throw Refusal(reason: "the server chose a subprotocol that was not offered")
        }
    }

    /// What the server must make of the key (§4.2.2 step 5).
    static func accept(_ key: String) -> String {
        Base64.encode(SHA1.hash(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
    }

    private static func tokens(_ list: String) -> [String] {
        list.lowercased().split(separator: ",").map { $0.split(separator: " ").joined(separator: " ") }
    }
}
