internal import CCurl
import Crypto
import Synchronization

/// The state of one WebSocket connection: it opens, moves frames, closes.
///
/// `@unchecked Sendable`: all but the ticket counter is used on the loop's thread only.
final class WebSocketConnection: TransferDelegate, @unchecked Sendable {
    private enum State {
        case idle
        case connecting
        case shakingHands(WebSocketHandshake)
        case open
        /// A close frame was sent, by us or in answer; nothing but the end is awaited.
        case closing
        /// nil after a clean close.
        case ended(HTTPError?)
    }

    private static let closeWait = Duration.seconds(2)

    private let url: URL
    private let headers: HTTPHeaders
    private let pool: HandlePool
    private var state = State.idle
    private var easy: EasyHandle?
    private var socket: Int32 = -1
    private var parser: WebSocketFrameParser
    private var assembler: WebSocketAssembler
    private var inbox = [UInt8](repeating: 0, count: 64 << 10)
    private var outbox = WebSocketOutbox()
    private(set) var closing: WebSocket.Closing?

    private var opened: ((Result<Void, HTTPError>) -> Void)?
    private var receiver: (ticket: UInt64, take: (Result<WebSocket.Message?, HTTPError>) -> Void)?
    private var cancelledTickets: Set<UInt64> = []
    private var closers: [() -> Void] = []
    private var timer: TimerQueue.ID?
    private var readWait: UInt64?
    private var writeWait: UInt64?
    private let tickets = Atomic<UInt64>(0)

    private var loop: EventLoop { pool.loop }

    init(_ url: URL, _ headers: HTTPHeaders, frameLimit: Int, pool: HandlePool) {
        self.url = url
        self.headers = headers
        self.pool = pool
        parser = WebSocketFrameParser(limit: frameLimit)
        assembler = WebSocketAssembler(limit: frameLimit)
    }

    /// Names one call, so that its cancellation, which may come first, finds it.
    func newTicket() -> UInt64 { tickets.add(1, ordering: .relaxed).newValue }

    // MARK: Opening

    func open(
        _ address: URL, _ timeouts: HTTPClient.Timeouts, _ done: @escaping (Result<Void, HTTPError>) -> Void
    ) {
        if case .ended(let error) = state {
            done(.failure(error ?? failure(.cancelled, "the task was cancelled")))
            return
        }
        opened = done
        state = .connecting
        // A handle of its own: it keeps its connection for life.
        let easy = pool.make()
        self.easy = easy
        easy.delegate = self
        easy.setURL(address)
        easy.set(CURLOPT_CONNECT_ONLY, 1)
        easy.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        easy.set(CURLOPT_PROXY, pool.configuration.proxies.proxy(for: url) ?? "")
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, timeouts.connect?.clampedMilliseconds ?? Int(Int32.max))
        if let total = timeouts.total {
            timer = loop.addTimer(after: total) { [unowned self] in
                end(failure(.timeout, "the connection was not open after \(total)"))
            }
        }
        if !loop.multi.add(easy) { end(failure(.invalidRequest, "libcurl refused the transfer")) }
    }

    func finished(_ easy: EasyHandle, _ code: CURLcode) {
        guard case .connecting = state else { return }
        guard code == CURLE_OK, let socket = easy.socket else {
            let kind = code == CURLE_OPERATION_TIMEDOUT ? HTTPError.Code.connectTimeout : HTTPError.Code(code)
            end(failure(kind, easy.reason(code)))
            return
        }
        self.socket = socket
        pool.countConnections(1)
        let handshake = WebSocketHandshake(
            url, headers, key: Base64.encode(SecureRandom.bytes(16)), userAgent: pool.configuration.userAgent)
        state = .shakingHands(handshake)
        outbox.append(handshake.request)
        flush()
        read()
    }

    private func shakeHands(_ handshake: WebSocketHandshake, _ bytes: ArraySlice<UInt8>) {
        var handshake = handshake
        do {
            guard let rest = try handshake.receive(bytes) else {
                state = .shakingHands(handshake)
                return
            }
            parser.append(rest[...])
            state = .open
            cancelTimer()
            opened?(.success(()))
            opened = nil
        } catch {
            end(failure(.webSocketHandshake, error.reason))
        }
    }

    // MARK: Receiving

    func receive(_ ticket: UInt64, _ take: @escaping (Result<WebSocket.Message?, HTTPError>) -> Void) {
        precondition(receiver == nil, "a WebSocket has one receiver at a time")
        if cancelledTickets.remove(ticket) != nil {
            take(.failure(failure(.cancelled, "the task was cancelled")))
            return
        }
        receiver = (ticket, take)
        if case .ended(let error) = state {
            tellReceiver(error.map { .failure($0) } ?? .success(nil))
        } else {
            read()
        }
    }

    func cancelReceive(_ ticket: UInt64) {
        guard receiver?.ticket == ticket else {
            noteCancellation(ticket)
            return
        }
        tellReceiver(.failure(failure(.cancelled, "the task was cancelled")))
    }

    private func tellReceiver(_ result: Result<WebSocket.Message?, HTTPError>) {
        let take = receiver?.take
        receiver = nil
        take?(result)
    }

    /// Whether somebody waits for what can be read. Without, it stays in the socket, and the peer is held up.
    private var wantsToRead: Bool {
        switch state {
        case .idle, .connecting, .ended: false
        case .shakingHands, .closing: true
        case .open: receiver != nil
        }
    }

    /// Reads until there is what was waited for or nothing more comes. Must drain the socket before it waits for it:
    /// TLS and libcurl hold bytes back that the descriptor does not show.
    private func read() {
        if let readWait { loop.cancelWait(readWait, of: socket) }
        readWait = nil
        var turns = 0
        while wantsToRead {
            if takeFrames() { continue }
            guard wantsToRead, let easy else { return }
            turns += 1
            if turns > 32 {
                // A peer that never stops must not keep the loop from everyone else.
                loop.later { self.read() }
                return
            }
            switch easy.receive(into: &inbox) {
            case .moved(0):
                end(failure(.webSocketClosed, "the peer ended the connection without a close frame"))
            case .moved(let count):
                if case .shakingHands(let handshake) = state {
                    shakeHands(handshake, inbox[..<count])
                } else {
                    parser.append(inbox[..<count])
                }
            case .again:
                readWait = loop.once(.readable, of: socket) { [unowned self] in
                    readWait = nil
                    read()
                }
                return
            case .failed(let code):
                end(failure(.webSocketClosed, easy.reason(code)))
            }
        }
    }

    /// Handles one frame; false when none is whole.
    private func takeFrames() -> Bool {
        if case .shakingHands = state { return false }
        do {
            guard let frame = try parser.next() else { return false }
            switch frame.opcode {
            case .ping:
                outbox.pong = frame.payload
                flush()
            case .pong:
                break
            case .close:
                try takeClose(WebSocket.Closing(payload: frame.payload))
            case .text, .binary, .continuation:
                // After our close frame the peer's last messages have no reader.
                if let message = try assembler.add(frame), case .open = state {
                    tellReceiver(.success(message))
                }
            }
        } catch {
            violated(error)
        }
        return true
    }

    private func takeClose(_ closing: WebSocket.Closing) throws(WebSocketViolation) {
        self.closing = closing
        if case .open = state {
            // The answer repeats the code. Nobody waits for it to arrive: the peer closes first.
            sendClose(closing.code ?? 1000)
        }
        end(nil)
    }

    private func violated(_ violation: WebSocketViolation) {
        if case .open = state { sendClose(violation.closeCode) }
        end(failure(.webSocketProtocol, violation.reason))
    }

    // MARK: Sending

    func send(_ frame: WebSocketFrame, _ ticket: UInt64, _ done: @escaping (Result<Void, HTTPError>) -> Void)
    {
        if cancelledTickets.remove(ticket) != nil {
            done(.failure(failure(.cancelled, "the task was cancelled")))
            return
        }
        guard case .open = state else {
            done(.failure(failure(.webSocketClosed, "the connection is closed")))
            return
        }
        outbox.append(frame, ticket, done)
        flush()
    }

    func cancelSend(_ ticket: UInt64) {
        guard outbox.contains(ticket) else {
            noteCancellation(ticket)
            return
        }
        end(failure(.cancelled, "the task was cancelled while it sent"))
    }

    /// The call may have ended already; then nothing will ask, and the note is one number. They are few: only calls
    /// whose cancellation and end crossed.
    private func noteCancellation(_ ticket: UInt64) {
        if case .ended = state { return }
        cancelledTickets.insert(ticket)
    }

    private func flush() {
        guard writeWait == nil else { return }
        while let easy {
            switch outbox.write(to: easy) {
            case .moved(let done): done?(.success(()))
            case .empty: return
            case .again:
                writeWait = loop.once(.writable, of: socket) { [unowned self] in
                    writeWait = nil
                    flush()
                }
                return
            case .failed(let code):
                end(failure(.webSocketClosed, easy.reason(code)))
            }
        }
    }

    // MARK: Closing

    func close(code: UInt16, _ done: @escaping () -> Void) {
        switch state {
        case .ended:
            done()
        case .open:
            closers.append(done)
            sendClose(code)
            guard case .open = state else { return }
            state = .closing
            timer = loop.addTimer(after: Self.closeWait) { [unowned self] in end(nil) }
            read()
        case .closing:
            closers.append(done)
        case .idle, .connecting, .shakingHands:
            end(nil)
            done()
        }
    }

    private func sendClose(_ code: UInt16) {
        outbox.append(WebSocketFrame(opcode: .close, payload: [UInt8(code >> 8), UInt8(code & 0xFF)]))
        flush()
    }

    /// Frees the connection at once.
    func drop() { end(failure(.cancelled, "the task was cancelled")) }

    func abandoned(_ easy: EasyHandle) { drop() }

    private func end(_ error: HTTPError?) {
        if case .ended = state { return }
        state = .ended(error)
        cancelTimer()
        if let readWait { loop.cancelWait(readWait, of: socket) }
        if let writeWait { loop.cancelWait(writeWait, of: socket) }
        (readWait, writeWait) = (nil, nil)
        if let easy {
            loop.multi.remove(easy)
            easy.delegate = nil
        }
        easy = nil
        let closed = error ?? failure(.webSocketClosed, "the connection is closed")
        opened?(.failure(closed))
        opened = nil
        tellReceiver(error.map { .failure($0) } ?? .success(nil))
        for done in outbox.removeAll() { done(.failure(closed)) }
        for closer in closers { closer() }
        closers = []
        cancelledTickets = []
    }

    private func cancelTimer() {
        if let timer { loop.cancelTimer(timer) }
        timer = nil
    }

    private func failure(_ code: HTTPError.Code, _ reason: String) -> HTTPError {
        HTTPError(code, url, reason, mayHaveBeenSent: socket >= 0)
    }

    // MARK: Not called: a connect-only transfer has no head and no body of libcurl's reading

    func receive(headerLine: UnsafeRawBufferPointer) -> Bool { true }
    func receive(body: UnsafeRawBufferPointer) -> EasyHandle.Reception { .taken }
    func fill(_ room: UnsafeMutableRawBufferPointer) -> EasyHandle.Supply { .end }
    func rewind() -> Bool { false }
}
