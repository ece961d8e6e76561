@testable import HTTP
import Testing

@Suite struct WebSocketHandshakeTests {
    // The key and its answer of RFC 6455 §1.3.
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private func handshake(_ headers: HTTPHeaders = [:]) throws -> WebSocketHandshake {
        WebSocketHandshake(
            try #require(URL("ws://example.com:8188/ws?clientId=1")), headers, key: Self.key,
            userAgent: "agent")
    }

    @Test func theRequest() throws {
        let request = try handshake(["X-A": "1", "Host": "other", "Sec-WebSocket-Key": "other"]).request
        #expect(
            String(decoding: request, as: UTF8.self) == """
                GET /ws?clientId=1 HTTP/1.1\r
                Host: example.com:8188\r
                Upgrade: websocket\r
                Connection: Upgrade\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                Sec-WebSocket-Version: 13\r
                User-Agent: agent\r
                X-A: 1\r
                \r

                """)
    }

    private static let good =
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
        + "Sec-WebSocket-Accept: \(accept)\r\n"

    @Test func theAnswerMayComeByteByByteWithFramesBehindIt() throws {
        #expect(WebSocketHandshake.accept(Self.key) == Self.accept)
        var handshake = try handshake()
        let bytes = Array((Self.good + "\r\n").utf8)
        for byte in bytes.dropLast() { #expect(try handshake.receive([byte][...]) == nil) }
        #expect(try handshake.receive([bytes[bytes.count - 1], 0x81, 0x00][...]) == [0x81, 0x00])
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", "the server answered 200"),
        ("HTTP/1.1 401 No\r\n", "the server answered 401"),
        ("nonsense\r\n", "the answer is no HTTP"), ("X: y\r\n", "the answer is no HTTP"),
        ("HTTP/1.1 101 S\r\nConnection: Upgrade\r\n", "the answer has no Upgrade: websocket"),
        (
            "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: close\r\n",
            "the answer has no Connection: Upgrade"
        ),
        (
            "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n",
            "Sec-WebSocket-Accept is not the answer to the key sent"
        ),
        (
            "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n",
            "Sec-WebSocket-Accept is not the answer to the key sent"
        ),
        (
            good + "Sec-WebSocket-Extensions: permessage-deflate\r\n",
            "the server chose an extension that was not offered"
        ),
        (good + "Sec-WebSocket-Protocol: chat\r\n", "the server chose a subprotocol that was not offered"),
    ])
    func refusals(answer: String, reason: String) throws {
        var handshake = try handshake()
        let refusal = #expect(throws: WebSocketHandshake.Refusal.self) {
            _ = try handshake.receive(Array((answer + "\r\n").utf8)[...])
        }
        #expect(refusal?.reason == reason)
    }

    @Test func anOfferedSubprotocolMayBeChosen() throws {
        var handshake = try handshake(["Sec-WebSocket-Protocol": "soap, chat"])
        #expect(
            try handshake.receive(Array((Self.good + "Sec-WebSocket-Protocol: chat\r\n\r\n").utf8)[...]) == []
        )
    }

    @Test func aHeadWithoutEndIsRefused() throws {
        var handshake = try handshake()
        #expect(throws: WebSocketHandshake.Refusal.self) {
            for _ in 0..<100 { _ = try handshake.receive([UInt8](repeating: 65, count: 1000)[...]) }
        }
    }
}
