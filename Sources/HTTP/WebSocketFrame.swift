/// One frame of RFC 6455 §5.2.
struct WebSocketFrame: Equatable {
    enum Opcode: UInt8 {
        case continuation = 0x0
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA

        var isControl: Bool { rawValue & 0x8 != 0 }
    }

    var isFinal = true
    var opcode: Opcode
    var payload: [UInt8]

    /// The bytes of a client's frame, masked (§5.3) with four bytes that nobody can guess.
    func encoded(mask: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(payload.count + 14)
        bytes.append((isFinal ? 0x80 : 0) | opcode.rawValue)
        switch payload.count {
        case ..<126:
            bytes.append(0x80 | UInt8(payload.count))
        case ...0xFFFF:
            bytes.append(0x80 | 126)
            bytes.append(UInt8(payload.count >> 8))
            bytes.append(UInt8(payload.count & 0xFF))
        default:
            bytes.append(0x80 | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        bytes += mask
        let start = bytes.count
        bytes += payload
        for index in start..<bytes.count { bytes[index] ^= mask[(index - start) & 3] }
        return bytes
    }
}

/// The peer broke the protocol; `closeCode` is what it is told (RFC 6455 §7.4.1).
struct WebSocketViolation: Error, Equatable {
    let closeCode: UInt16
    let reason: String

    static func protocolError(_ reason: String) -> Self { Self(closeCode: 1002, reason: reason) }
    static func badText(_ reason: String) -> Self { Self(closeCode: 1007, reason: reason) }
    static func tooBig(_ limit: Int) -> Self {
        Self(closeCode: 1009, reason: "a message is over \(limit) bytes")
    }
}

/// Cuts a server's bytes into frames.
struct WebSocketFrameParser {
    private var buffer: [UInt8] = []
    private var start = 0
    private let limit: Int

    /// A frame whose payload is over `limit` bytes is refused as soon as its length is known.
    init(limit: Int) { self.limit = limit }

    mutating func append(_ bytes: ArraySlice<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer += bytes
    }

    /// The next whole frame; nil when bytes are missing.
    mutating func next() throws(WebSocketViolation) -> WebSocketFrame? {
        let available = buffer.count - start
        guard available >= 2 else { return nil }
        let (first, second) = (buffer[start], buffer[start + 1])
        guard first & 0x70 == 0 else {
            throw .protocolError("reserved bits are set, but no extension was agreed on")
        }
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else {
            throw .protocolError("unknown opcode \(first & 0x0F)")
        }
        guard second & 0x80 == 0 else { throw .protocolError("a server's frame is masked") }
        let isFinal = first & 0x80 != 0
        let shortLength = Int(second & 0x7F)
        if opcode.isControl {
            guard isFinal else { throw .protocolError("a control frame is fragmented") }
            guard shortLength < 126 else { throw .protocolError("a control frame is over 125 bytes") }
        }
        let lengthBytes = shortLength == 127 ? 8 : shortLength == 126 ? 2 : 0
        guard available >= 2 + lengthBytes else { return nil }
        var length = UInt64(shortLength)
        if lengthBytes > 0 {
            length = buffer[(start + 2)..<(start + 2 + lengthBytes)].reduce(0) { $0 << 8 | UInt64($1) }
            guard length >= (lengthBytes == 8 ? 0x1_0000 : 126), length >> 63 == 0 else {
                throw .protocolError("a frame's length is not in its shortest form")
            }
        }
        guard length <= UInt64(max(limit, 125)) else { throw .tooBig(limit) }
        let payload = start + 2 + lengthBytes
        guard buffer.count - payload >= Int(length) else { return nil }
        start = payload + Int(length)
        return WebSocketFrame(isFinal: isFinal, opcode: opcode, payload: Array(buffer[payload..<start]))
    }
}

/// Joins fragments to messages (RFC 6455 §5.4).
struct WebSocketAssembler {
    private var opcode: WebSocketFrame.Opcode?
    private var payload: [UInt8] = []
    private let limit: Int

    /// A message over `limit` bytes is refused.
    init(limit: Int) { self.limit = limit }

    /// The message that this text, binary or continuation frame completes; nil when more of it is to come.
    mutating func add(_ frame: WebSocketFrame) throws(WebSocketViolation) -> WebSocket.Message? {
        if frame.opcode == .continuation {
            guard opcode != nil else { throw .protocolError("a continuation without a beginning") }
        } else {
            guard opcode == nil else { throw .protocolError("a new message inside a fragmented one") }
            opcode = frame.opcode
        }
        guard frame.payload.count <= limit - payload.count else { throw .tooBig(limit) }
        payload += frame.payload
        guard frame.isFinal else { return nil }
        defer {
            opcode = nil
            payload = []
        }
        if opcode == .binary { return .binary(payload) }
        guard let text = String(validating: payload, as: UTF8.self) else {
            throw .badText("a text message is no UTF-8")
        }
        return .text(text)
    }
}

extension WebSocket.Closing {
    /// From the payload of a close frame (RFC 6455 §5.5.1).
    init(payload: [UInt8]) throws(WebSocketViolation) {
        guard !payload.isEmpty else {
            self.init(code: nil, reason: "")
            return
        }
        guard payload.count >= 2 else { throw .protocolError("a close frame with half a code") }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: throw .protocolError("close code \(code) must not be sent")
        }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else {
            throw .badText("a close frame's reason is no UTF-8")
        }
        self.init(code: code, reason: reason)
    }
}
