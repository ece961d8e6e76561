import Glibc
public import HTTP
import Synchronization

/// A TCP server on 127.0.0.1 that says byte for byte what a test scripts: for truncated bodies, drops, stalls and
/// answers no real server gives. Each connection runs the script on a thread of its own; an error ends it.
public final class ScriptedServer: Sendable {
    /// What a script threw, or a call of it that the peer's hang-up ended.
    public struct Ended: Error, CustomStringConvertible {
        /// What was being done.
        public let description: String

        /// For scripts that find the peer at fault.
        public init(description: String) { self.description = description }
    }

    private struct State {
        var descriptors: [Int32: Connection] = [:]
        var accepted = 0
        var isStopped = false
    }

    /// The port it listens on.
    public let port: Int
    private let listener: Int32
    private let state: SharedState
    private let script: @Sendable (Connection) throws -> Void

    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    /// Listens at once. The script gets each connection as it is accepted, with its number from 0.
    public init(_ script: @escaping @Sendable (Connection) throws -> Void) throws {
        self.script = script
        state = SharedState()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(descriptor, generic, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard bound else { throw Ended(description: "listening on 127.0.0.1") }
        port = Int(UInt16(bigEndian: address.sin_port))
        let (state, listener) = (state, listener)
        startThread {
            var next = accept(on: listener)
            while next >= 0 {
                let connection = state.value.withLock { value -> Connection? in
                    if value.isStopped { return nil }
                    let connection = Connection(next, index: value.accepted)
                    value.accepted += 1
                    value.descriptors[next] = connection
                    return connection
                }
                guard let connection else {
                    close(next)
                    break
                }
                let descriptor = next
                startThread {
                    try? script(connection)
                    state.value.withLock { _ = $0.descriptors.removeValue(forKey: descriptor) }
                    connection.close()
                }
                next = accept(on: listener)
            }
            // Once closed, its number may be another socket's: `stop` must not shut that down.
            state.value.withLock { value in
                value.isStopped = true
                _ = close(listener)
            }
        }
    }

    deinit { stop() }

    /// Drops every connection and listens no more. Safe twice.
    public func stop() {
        let open = state.value.withLock { value -> [Connection] in
            if !value.isStopped { shutdown(listener, Int32(SHUT_RDWR)) }
            value.isStopped = true
            return Array(value.descriptors.values)
        }
        for connection in open { connection.hangUp() }
    }

    /// How many connections were accepted so far.
    public var connectionCount: Int { state.value.withLock { $0.accepted } }

    /// An http (or ws …) address of it.
    public func url(_ path: String = "/", scheme: String = "http") -> URL {
        guard let url = URL("\(scheme)://127.0.0.1:\(port)\(path)") else {
            preconditionFailure("the test gave a path that is none: \(path)")
        }
        return url
    }
}

extension ScriptedServer {
    /// One accepted connection: blocking reads and writes for the script.
    public final class Connection: Sendable {
        /// 0 for the first connection accepted.
        public let index: Int
        private let descriptor: Int32
        private let state = Mutex((buffer: [UInt8](), isClosed: false))

        init(_ descriptor: Int32, index: Int) {
            self.descriptor = descriptor
            self.index = index
        }

        /// A request as it came: the head's lines, and the body that its Content-Length or chunks announce.
        public struct Request: Sendable {
            /// `GET /path HTTP/1.1`.
            public var line: String
            /// The header lines, as sent.
            public var headers: [String]
            /// The body, chunks joined.
            public var body: [UInt8]
            /// The field lines after the last chunk, as sent.
            public var trailers: [String] = []

            /// The value of a header, name without case; nil when absent.
            public func header(_ name: String) -> String? {
                let prefix = name.lowercased() + ":"
                return headers.first { $0.lowercased().hasPrefix(prefix) }
                    .map { String($0.dropFirst(prefix.count).drop { $0 == " " }) }
            }
        }

        /// The next request, head and body.
        public func readRequest() throws -> Request {
            var request = try readHead()
            try readBody(of: &request)
            return request
        }

        /// The body that a head announces, and its trailers.
        public func readBody(of request: inout Request) throws {
            if let length = request.header("content-length").flatMap(Int.init) {
                request.body = try read(length)
            } else if request.header("transfer-encoding") == "chunked" {
                while let chunk = try readChunk() { request.body += chunk }
                request.trailers = try readLines()
            }
        }

        /// The next request's line and headers; its body is for the script to read.
        public func readHead() throws -> Request {
            let line = try readLine()
            return Request(line: line, headers: try readLines(), body: [])
        }

        /// The next chunk of a body; nil for the last, after which trailers come.
        public func readChunk() throws -> [UInt8]? {
            guard let size = Int(try readLine(), radix: 16) else {
                throw Ended(description: "a chunk without its size")
            }
            guard size > 0 else { return nil }
            let chunk = try read(size)
            _ = try readLine()
            return chunk
        }

        /// Lines up to the next empty one.
        public func readLines() throws -> [String] {
            var lines: [String] = []
            while true {
                let line = try readLine()
                if line.isEmpty { return lines }
                lines.append(line)
            }
        }

        /// A line without its CRLF.
        public func readLine() throws -> String {
            var line: [UInt8] = []
            while line.last != UInt8(ascii: "\n") { line += try read(1) }
            line.removeLast()
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            return String(decoding: line, as: UTF8.self)
        }

        /// Exactly so many bytes.
        public func read(_ count: Int) throws -> [UInt8] {
            while state.withLock({ $0.buffer.count }) < count {
                let piece = try readSome()
                if piece.isEmpty {
                    throw Ended(description: "the peer hung up while \(count) bytes were awaited")
                }
                state.withLock { $0.buffer += piece }
            }
            return state.withLock { value in
                let result = Array(value.buffer.prefix(count))
                value.buffer.removeFirst(count)
                return result
            }
        }

        /// Reads and forgets until the peer hangs up.
        public func waitForHangUp() {
            while let piece = try? readSome(), !piece.isEmpty {}
        }

        /// Once closed, the descriptor's number may be another connection's already.
        private func checkIsOpen() throws {
            if state.withLock({ $0.isClosed }) { throw Ended(description: "the script has closed it") }
        }

        /// What has come, at least one byte; empty at the peer's end.
        public func readPiece() throws -> [UInt8] {
            let held = state.withLock { value in
                defer { value.buffer = [] }
                return value.buffer
            }
            return held.isEmpty ? try readSome() : held
        }

        private func readSome() throws -> [UInt8] {
            try checkIsOpen()
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if count < 0 { throw Ended(description: "reading") }
            return Array(piece.prefix(count))
        }

        /// Sends text as it is: write CRLF where it belongs.
        public func write(_ text: String) throws { try write(Array(text.utf8)) }

        /// Sends bytes.
        public func write(_ bytes: [UInt8]) throws {
            try checkIsOpen()
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes {
                    unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count <= 0 { throw Ended(description: "writing") }
                rest = rest.dropFirst(count)
            }
        }

        /// An answer with its Content-Length.
        public func respond(_ status: Int = 200, headers: [String] = [], body: String = "") throws {
            try respond(status, headers: headers, body: Array(body.utf8))
        }

        /// An answer with its Content-Length.
        public func respond(_ status: Int = 200, headers: [String] = [], body: [UInt8]) throws {
            let lines = ["HTTP/1.1 \(status) Scripted"] + headers + ["Content-Length: \(body.count)", "", ""]
            try write(Array(lines.joined(separator: "\r\n").utf8) + body)
        }

        /// Ends the connection at once with a TCP reset instead of an orderly end.
        public func reset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            _ = unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            close(isOrderly: false)
        }

        /// Ends the connection. The end of the script does it too.
        public func close() { close(isOrderly: true) }

        private func close(isOrderly: Bool) {
            state.withLock { value in
                if value.isClosed { return }
                // A child process started by a parallel test may hold a copy: closing alone would end nothing.
                if isOrderly { shutdown(descriptor, Int32(SHUT_RDWR)) }
                _ = Glibc.close(descriptor)
                value.isClosed = true
            }
        }

        /// Wakes a script that is blocked in a call, which then throws.
        func hangUp() {
            state.withLock { value in
                if !value.isClosed { shutdown(descriptor, Int32(SHUT_RDWR)) }
            }
        }
    }
}

private func accept(on listener: Int32) -> Int32 {
    let descriptor = Glibc.accept(listener, nil, nil)
    if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    return descriptor
}

/// A detached thread: what blocks must not take one of the few threads that Swift tasks share.
func startThread(_ body: @escaping @Sendable () -> Void) {
    pthread_detach(startJoinableThread(body))
}

/// The same, for whoever waits for its end with `pthread_join`.
func startJoinableThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
    let status = unsafe pthread_create(
        &thread, nil,
        { argument in
            if let argument = unsafe argument {
                unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            }
            return nil
        }, box)
    precondition(status == 0, "no thread to be had")
    return thread
}
