@testable import HTTP
import TestSupport

/// A WebSocket server that sends each frame's payload back, and answers a close frame with one.
struct EchoServer {
    private let server: ScriptedServer

    init() throws {
        server = try ScriptedServer { connection in
            try connection.acceptWebSocket()
            while true {
                let frame = try connection.readFrame()
                try connection.writeFrame(frame.first, frame.payload)
                if frame.first & 0xF == 8 { return }
            }
        }
    }

    var port: Int { server.port }
    func url() -> URL { server.url(scheme: "ws") }
}

extension ScriptedServer.Connection {
    /// The server's side of the handshake; gives the request.
    @discardableResult
    func acceptWebSocket(extra: String = "", accept: String? = nil) throws -> Request {
        let request = try readRequest()
        let answer = accept ?? WebSocketHandshake.accept(request.header("sec-websocket-key") ?? "")
        try write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
                + "Sec-WebSocket-Accept: \(answer)\r\n\(extra)\r\n")
        return request
    }

    /// The first byte and the unmasked payload of a client's frame, which must be masked.
    func readFrame() throws -> (first: UInt8, payload: [UInt8]) {
        let head = try read(2)
        guard head[1] & 0x80 != 0 else { throw ScriptedServer.Ended(description: "an unmasked frame") }
        var length = Int(head[1] & 0x7F)
        if length == 126 { length = try read(2).reduce(0) { $0 << 8 | Int($1) } }
        if length == 127 { length = try read(8).reduce(0) { $0 << 8 | Int($1) } }
        let mask = try read(4)
        let payload = try read(length).enumerated().map { $1 ^ mask[$0 & 3] }
        return (head[0], payload)
    }

    /// A server's frame: `first` is FIN, the reserved bits and the opcode.
    func writeFrame(_ first: UInt8, _ payload: [UInt8]) throws {
        var head = [first]
        switch payload.count {
        case ..<126: head.append(UInt8(payload.count))
        case ...0xFFFF: head += [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            head += [127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
        try write(head + payload)
    }
}
