internal import CCurl
import Glibc

/// A TCP connection of a plain client and the exchange on it. On the loop's thread only.
final class PlainConnection: DescriptorOwner {
    private let pool: PlainConnectionPool
    private let watchdog: Watchdog
    private var descriptor: Int32 = -1
    private var isConnecting = false
    /// Whether an exchange has ended well on it: it may have been closed by the server since.
    private var isKept = false
    private var exchange: PlainExchange?

    /// How much of the request's head and body has gone.
    private var sent = 0
    /// Room for what comes, lent to the exchange.
    private var room: [UInt8] = []
    private var waitsForRoom = false

    private var loop: EventLoop { pool.loop }

    init(_ pool: PlainConnectionPool) {
        self.pool = pool
        watchdog = Watchdog(on: pool.loop)
    }

    // MARK: Start and end

    func start(_ exchange: PlainExchange) {
        self.exchange = exchange
        exchange.connection = self
        sent = 0
        exchange.reader.lend(&room)
        if descriptor < 0 { connect(exchange.limits) } else { begin(exchange.limits) }
    }

    private func connect(_ limits: PlainExchange.Limits) {
        let (host, port) = (pool.server.host, Int32(pool.server.effectivePort))
        let opened = unsafe host.withCString { unsafe comfy_connect($0, port) }
        guard opened >= 0 else { return fail(.connect, Self.reason(errno)) }
        guard loop.descriptors.give(opened, to: self, writable: true) else {
            Glibc.close(opened)
            return fail(.connect, "the system does not watch the socket")
        }
        descriptor = opened
        isKept = false
        isConnecting = true
        waitsForRoom = true
        guard let limit = limits.connect else { return }
        watchdog.start(limit) { [unowned self] in fail(.connectTimeout, "no connection within \(limit)") }
    }

    private func connected(_ exchange: PlainExchange) {
        isConnecting = false
        watchdog.stop()
        var status: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        _ = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &size)
        if status == 0 { begin(exchange.limits) } else { fail(.connect, Self.reason(status)) }
    }

    /// Sends the request over a connection that is there.
    private func begin(_ limits: PlainExchange.Limits) {
        if let limit = limits.whole {
            watchdog.start(limit) { [unowned self] in fail(.timeout, "no answer within \(limit)") }
        }
        send()
    }

    private func complete(_ exchange: PlainExchange) {
        guard let response = exchange.reader.take() else { return }
        self.exchange = nil
        watchdog.stop()
        isKept = true
        // Nothing may follow half a request, nor what came behind the response.
        let isSent = sent == exchange.head.count + (exchange.body?.count ?? 0)
        exchange.reader.giveBack(&room)
        if isSent, exchange.reader.keepsConnection { pool.give(self) } else { close() }
        exchange.end(response)
    }

    /// Has the exchange end in failure, and closes the connection.
    func fail(_ code: HTTPError.Code, _ reason: String) {
        close()
        guard let exchange else { return }
        self.exchange = nil
        exchange.fail(
            HTTPError(code, exchange.url, reason, mayHaveBeenSent: exchange.mayHaveBeenSent))
    }

    /// The connection broke. Before a byte of the answer a kept one says nothing of the server, which may close it at any time.
    private func broke(_ code: HTTPError.Code, _ reason: String) {
        guard let exchange, isKept, !exchange.isRepeated, !exchange.reader.hasBegun else {
            return fail(code, reason)
        }
        exchange.isRepeated = true
        close()
        start(exchange)
    }

    func close() {
        watchdog.stop()
        isConnecting = false
        if descriptor < 0 { return }
        loop.descriptors.release(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
    }

    // MARK: The descriptor

    func isReady(_ bits: UInt32) {
        guard let exchange else { return lookAtIdle() }
        if isConnecting { return connected(exchange) }
        if bits & EPOLLOUT.rawValue != 0 { send() }
        if bits & ~EPOLLOUT.rawValue != 0 { receive() }
    }

    func abandoned() {
        pool.drop(self)
        fail(.cancelled, "the loop was shut down")
    }

    /// Nothing comes between two exchanges but the end.
    private func lookAtIdle() {
        var byte: UInt8 = 0
        if unsafe recv(descriptor, &byte, 1, 0) < 0, errno == EAGAIN || errno == EINTR { return }
        pool.drop(self)
        close()
    }

    private func watch(forRoom: Bool) {
        guard forRoom != waitsForRoom, descriptor >= 0 else { return }
        waitsForRoom = forRoom
        loop.descriptors.change(descriptor, writable: forRoom)
    }

    private static func reason(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }

    // MARK: Sending

    /// Sends as much as there is room for, head and body together.
    private func send() {
        guard let exchange else { return }
        exchange.mayHaveBeenSent = true
        let (head, body) = (exchange.head, exchange.body ?? [])
        while sent < head.count + body.count {
            let count = send(head, body)
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                return watch(forRoom: true)
            } else if errno != EINTR {
                let reason = Self.reason(errno)
                // The server may have answered before it hung up: with a refusal, of a body that it did not want.
                watch(forRoom: false)
                receive()
                if self.exchange === exchange, !exchange.isRepeated { broke(.send, reason) }
                return
            }
        }
        watch(forRoom: false)
    }

    private func send(_ head: [UInt8], _ body: [UInt8]) -> Int {
        let headSent = min(sent, head.count)
        let bodySent = sent - headSent
        return unsafe head.withUnsafeBytes { head in
            unsafe body.withUnsafeBytes { body in
                unsafe comfy_send(
                    descriptor, head.baseAddress?.advanced(by: headSent), head.count - headSent,
                    body.baseAddress?.advanced(by: bodySent), body.count - bodySent)
            }
        }
    }

    // MARK: Receiving

    private func receive() {
        guard let exchange else { return }
        let descriptor = descriptor
        do throws(ResponseReader.Failure) {
            let outcome = try unsafe exchange.reader.read {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            switch outcome {
            case .waits: break
            case .complete: complete(exchange)
            case .closed: broke(.receive, "the server closed the connection")
            case .broken(let number): broke(.receive, Self.reason(number))
            }
        } catch {
            fail(error.code, error.reason)
        }
    }
}
