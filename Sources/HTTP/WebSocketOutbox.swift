internal import CCurl
import Crypto

/// What a WebSocket connection has still to send, in order.
///
/// It tells nobody that a message has gone: whoever writes does, when the outbox can be used again.
struct WebSocketOutbox {
    typealias Done = (Result<Void, HTTPError>) -> Void

    /// What came of one write.
    enum Step {
        /// Bytes went; who waited for the last of a message.
        case moved(Done?)
        case empty
        /// The socket takes nothing now.
        case again
        case failed(CURLcode)
    }

    private struct Outgoing {
        let ticket: UInt64
        var rest: ArraySlice<UInt8>
        let done: Done?
    }

    private var queue: [Outgoing] = []
    /// Only the newest ping needs an answer (RFC 6455 §5.5.3), so a flood of them costs no memory.
    var pong: [UInt8]?

    /// Bytes that are no frame: the handshake.
    mutating func append(_ bytes: [UInt8]) {
        queue.append(Outgoing(ticket: 0, rest: bytes[...], done: nil))
    }

    /// A frame; `ticket` names the call that waits for it.
    mutating func append(_ frame: WebSocketFrame, _ ticket: UInt64 = 0, _ done: Done? = nil) {
        let bytes = frame.encoded(mask: SecureRandom.bytes(4))
        queue.append(Outgoing(ticket: ticket, rest: bytes[...], done: done))
    }

    func contains(_ ticket: UInt64) -> Bool { queue.contains { $0.ticket == ticket } }

    /// Sends what the socket takes of the first message, or of a pong when there is none.
    mutating func write(to easy: EasyHandle) -> Step {
        if queue.isEmpty, let pong {
            self.pong = nil
            append(WebSocketFrame(opcode: .pong, payload: pong))
        }
        guard let next = queue.first else { return .empty }
        switch easy.send(next.rest) {
        case .moved(let count):
            queue[0].rest = next.rest.dropFirst(count)
            return .moved(queue[0].rest.isEmpty ? queue.removeFirst().done : nil)
        case .again: return .again
        case .failed(let code): return .failed(code)
        }
    }

    /// Empties it; who waited.
    mutating func removeAll() -> [Done] {
        defer { queue = [] }
        return queue.compactMap(\.done)
    }
}
