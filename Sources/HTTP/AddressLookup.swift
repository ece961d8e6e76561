internal import CAres
import Glibc

/// One question to c-ares: a channel of its own, whose sockets and clock the loop watches.
///
/// `@unchecked Sendable`: made anywhere, then used on the loop's thread only, until it has its result.
@safe final class AddressLookup: @unchecked Sendable {
    /// Where to look.
    enum Source: String { case hostsFile = "f", servers = "b" }

    /// Which addresses.
    enum Family { case any, v4, v6 }

    /// What came, once `begin`'s closure has run.
    private var result: Result<[String], NameResolver.Failure> = .failure(
        .init(description: "no answer yet"))

    private let name: String
    private let source: Source
    private let family: Family
    /// Leaves addresses out that no server can have.
    private let skipsUnusable: Bool
    private let servers: String?
    private let loop: EventLoop
    private var channel: ares_channel?
    private var isAnswered = false
    private var done: (() -> Void)?
    private var waits: [(descriptor: Int32, id: UInt64)] = []
    private var timer: EventLoop.TimerID?
    private var giveUp: EventLoop.TimerID?

    /// Of one try; each round of tries takes twice as long as the last.
    private static let tryMilliseconds: Int32 = 1000
    private static let tries: Int32 = 3

    init(
        _ name: String, _ source: Source, _ family: Family, _ skipsUnusable: Bool, servers: String?,
        on loop: EventLoop
    ) {
        self.name = name
        self.source = source
        self.family = family
        self.skipsUnusable = skipsUnusable
        self.servers = servers
        self.loop = loop
    }

    deinit {
        if let channel = unsafe channel { unsafe ares_destroy(channel) }
    }

    /// The addresses that came, once `begin`'s closure has run.
    func addresses() throws(NameResolver.Failure) -> [String] { try result.get() }

    /// Asks; `done` is called once, perhaps before this returns.
    func begin(_ done: @escaping () -> Void) {
        self.done = done
        let status = unsafe comfy_ares_open(
            &channel, source.rawValue, servers, Self.tryMilliseconds, Self.tries)
        guard status == ARES_SUCCESS, let channel = unsafe channel else {
            unsafe self.channel = nil
            answer(.failure(Self.failure(status)))
            return settle()
        }
        giveUp = loop.addTimer(after: NameResolver.patience) { [weak self] in
            self?.giveUp = nil
            self?.cancel()
        }
        let wanted =
            switch family {
            case .any: AF_UNSPEC
            case .v4: AF_INET
            case .v6: AF_INET6
            }
        // Taken back by the callback, which c-ares calls once, come what may.
        let argument = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe comfy_ares_find(
            channel, name, wanted,
            { argument, status, _, list in
                guard let argument = unsafe argument else { return }
                let lookup = unsafe Unmanaged<AddressLookup>.fromOpaque(argument).takeRetainedValue()
                unsafe lookup.hear(status, list)
            }, argument)
        settle()
    }

    /// Ends it, with a failure unless it has ended.
    func cancel() {
        guard !isAnswered, let channel = unsafe channel else { return }
        stopWaiting()
        unsafe ares_cancel(channel)
        settle()
    }

    // MARK: Inside c-ares

    /// Called from inside c-ares, which does not let its channel be destroyed there: `settle` comes after.
    private func hear(_ status: Int32, _ list: UnsafeMutablePointer<ares_addrinfo>?) {
        defer { if let list = unsafe list { unsafe ares_freeaddrinfo(list) } }
        switch status {
        case ARES_SUCCESS: unsafe answer(.success(addresses(list)))
        case ARES_ENOTFOUND, ARES_ENODATA: answer(.success([]))
        // What c-ares says when the hosts file does not have the name and there is nobody else to ask.
        case ARES_ECONNREFUSED where source == .hostsFile: answer(.success([]))
        default: answer(.failure(Self.failure(status)))
        }
    }

    private func addresses(_ list: UnsafeMutablePointer<ares_addrinfo>?) -> [String] {
        var addresses: [String] = []
        var known: Set<String> = []
        var next = unsafe list?.pointee.nodes
        while let node = unsafe next, addresses.count < NameResolver.limit {
            unsafe next = unsafe node.pointee.ai_next
            if let address = unsafe text(node.pointee.ai_addr), known.insert(address).inserted {
                addresses.append(address)
            }
        }
        return addresses
    }

    private func text(_ address: UnsafePointer<sockaddr>?) -> String? {
        guard let address = unsafe address else { return nil }
        if skipsUnusable, unsafe comfy_is_host_address(address) == 0 { return nil }
        var bytes = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let isKnown = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            unsafe comfy_address_text(address, buffer.baseAddress, Int32(buffer.count)) != 0
        }
        guard isKnown else { return nil }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func failure(_ status: Int32) -> NameResolver.Failure {
        NameResolver.Failure(description: unsafe String(cString: ares_strerror(status)))
    }

    private func answer(_ result: Result<[String], NameResolver.Failure>) {
        if isAnswered { return }
        isAnswered = true
        self.result = result
    }

    // MARK: On the loop

    /// After each call of c-ares: the end, or the next wait.
    private func settle() {
        guard isAnswered else { return wait() }
        stopWaiting()
        if let giveUp { loop.cancelTimer(giveUp) }
        giveUp = nil
        if let channel = unsafe channel { unsafe ares_destroy(channel) }
        unsafe channel = nil
        let done = done
        self.done = nil
        done?()
    }

    private func wait() {
        guard let channel = unsafe channel else { return }
        var sockets = [Int32](repeating: -1, count: Int(ARES_GETSOCK_MAXNUM))
        let bits = unsafe sockets.withUnsafeMutableBufferPointer { buffer in
            unsafe UInt32(bitPattern: ares_getsock(channel, buffer.baseAddress, Int32(buffer.count)))
        }
        for (index, socket) in sockets.enumerated() {
            if bits >> index & 1 == 1 { wait(for: .readable, of: socket) }
            if bits >> (index + sockets.count) & 1 == 1 { wait(for: .writable, of: socket) }
        }
        let pause = unsafe comfy_ares_milliseconds(channel, Self.tryMilliseconds)
        timer = loop.addTimer(after: .milliseconds(pause)) { [weak self] in
            self?.timer = nil
            self?.move(readable: ARES_SOCKET_BAD, writable: ARES_SOCKET_BAD)
        }
    }

    private func wait(for readiness: EventLoop.Readiness, of socket: Int32) {
        let id = loop.once(readiness, of: socket) { [weak self] in
            self?.move(
                readable: readiness == .readable ? socket : ARES_SOCKET_BAD,
                writable: readiness == .writable ? socket : ARES_SOCKET_BAD)
        }
        if let id { waits.append((socket, id)) }
    }

    /// c-ares closes sockets in there: none of them may be watched meanwhile.
    private func move(readable: Int32, writable: Int32) {
        stopWaiting()
        guard let channel = unsafe channel else { return }
        if loop.isAbandoned { return cancel() }
        unsafe ares_process_fd(channel, readable, writable)
        settle()
    }

    private func stopWaiting() {
        for wait in waits { loop.cancelWait(wait.id, of: wait.descriptor) }
        waits = []
        if let timer { loop.cancelTimer(timer) }
        timer = nil
    }
}
