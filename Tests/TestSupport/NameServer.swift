import Glibc
import Synchronization

/// A DNS server on a port of 127.0.0.1, over UDP and TCP, that answers what a test says (RFC 1035).
public final class NameServer: Sendable {
    /// A question: the name in lower case, without the last dot, and `A` or `AAAA`.
    public struct Question: Sendable, Hashable {
        /// Without the last dot.
        public var name: String
        /// 1 is A, 28 is AAAA.
        public var type: Int
        /// Over TCP: the answer before was too long for UDP.
        public var isOverTCP: Bool
    }

    /// What is said to a question.
    public enum Answer: Sendable {
        /// The addresses, each 4 or 16 bytes; none says that the name has no record of this type.
        case records([[UInt8]])
        /// NXDOMAIN.
        case noSuchName
        /// SERVFAIL.
        case failure
        /// Ask again over TCP.
        case truncated
        /// Nothing at all.
        case silence
        /// These bytes behind the question's id, whatever they mean.
        case garbage([UInt8])
    }

    /// `127.0.0.1:port`, as `NameResolver` takes it.
    public var address: String { "127.0.0.1:\(port)" }
    private let port: Int
    private let descriptor: Int32
    private let tcp: ScriptedServer
    /// What serves UDP; nil once it is stopped.
    private let thread: Mutex<pthread_t?>
    private let questions: Log

    private final class Log: Sendable {
        let value = Mutex<[Question]>([])
    }

    /// What was asked so far.
    public var asked: [Question] { questions.value.withLock { $0 } }

    /// Answers at once, on a thread of its own.
    public init(_ answer: @escaping @Sendable (Question) -> Answer) throws {
        let questions = Log()
        let reply: @Sendable ([UInt8], Bool) -> [UInt8]? = { message, isOverTCP in
            guard let question = Self.question(message, isOverTCP) else { return nil }
            questions.value.withLock { $0.append(question) }
            return Self.message(answer(question), to: message, question)
        }
        // Whichever port TCP got is nearly always free for UDP; another one is tried when it is not.
        var made: (ScriptedServer, Int32)?
        for _ in 0..<20 where made == nil {
            let tcp = try ScriptedServer { connection in
                while true {
                    let length = try connection.read(2)
                    let message = try connection.read(Int(length[0]) << 8 | Int(length[1]))
                    guard let bytes = reply(message, true) else { return }
                    try connection.write([UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes)
                }
            }
            if let descriptor = Self.socket(boundTo: tcp.port) { made = (tcp, descriptor) }
        }
        guard let made else { throw ScriptedServer.Ended(description: "binding a port for UDP and TCP") }
        (tcp, descriptor) = made
        port = tcp.port
        self.questions = questions
        let descriptor = descriptor
        thread = Mutex(startJoinableThread { Self.serve(descriptor) { reply($0, false) } })
    }

    deinit { stop() }

    /// Answers no more. Safe twice. A test that only needs the address has to keep the server until then.
    ///
    /// The descriptor is open for as long as anybody uses its number: closed earlier it would be another server's, which a second
    /// call would then silence.
    public func stop() {
        tcp.stop()
        thread.withLock { thread in
            guard let running = thread else { return }
            thread = nil
            _ = shutdown(descriptor, Int32(SHUT_RDWR))
            pthread_join(running, nil)
            close(descriptor)
        }
    }

    private static func socket(boundTo port: Int) -> Int32? {
        let descriptor = Glibc.socket(
            AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if bound { return descriptor }
        close(descriptor)
        return nil
    }

    /// Until the socket is shut down, which an empty read tells.
    private static func serve(_ descriptor: Int32, _ reply: ([UInt8]) -> [UInt8]?) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var from = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = unsafe withUnsafeMutablePointer(to: &from) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    unsafe recvfrom(descriptor, &buffer, buffer.count, 0, generic, &length)
                }
            }
            guard count > 0 else { return }
            guard let bytes = reply(Array(buffer[..<count])) else { continue }
            _ = unsafe withUnsafePointer(to: &from) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    unsafe sendto(descriptor, bytes, bytes.count, 0, generic, length)
                }
            }
        }
    }

    private static func question(_ message: [UInt8], _ isOverTCP: Bool) -> Question? {
        guard message.count > 12 else { return nil }
        var labels: [String] = []
        var at = 12
        while at < message.count, message[at] != 0 {
            let end = at + 1 + Int(message[at])
            guard end < message.count else { return nil }
            labels.append(String(decoding: message[(at + 1)..<end], as: UTF8.self).lowercased())
            at = end
        }
        guard at + 4 < message.count else { return nil }
        let type = Int(message[at + 1]) << 8 | Int(message[at + 2])
        return Question(name: labels.joined(separator: "."), type: type, isOverTCP: isOverTCP)
    }

    private static func message(_ answer: Answer, to request: [UInt8], _ question: Question) -> [UInt8]? {
        let id = Array(request[..<2])
        // The name, its end, type and class: the question as it was asked, without what may follow it.
        let asked = Array(request[12..<(12 + question.name.utf8.count + 2 + 4)])
        func head(_ flags: UInt16, _ count: Int) -> [UInt8] {
            id + [
                UInt8(flags >> 8), UInt8(flags & 0xFF), 0, 1, UInt8(count >> 8), UInt8(count & 0xFF), 0, 0, 0,
                0,
            ]
        }
        switch answer {
        case .silence: return nil
        case .garbage(let bytes): return id + bytes
        case .failure: return head(0x8182, 0) + asked
        case .noSuchName: return head(0x8183, 0) + asked
        case .truncated: return head(0x8380, 0) + asked
        case .records(let addresses):
            return addresses.reduce(into: head(0x8180, addresses.count) + asked) { message, address in
                // The name is the question's, at offset 12; class IN, 5 s to live.
                message += [0xC0, 12, 0, UInt8(address.count == 4 ? 1 : 28), 0, 1, 0, 0, 0, 5, 0]
                message.append(UInt8(address.count))
                message += address
            }
        }
    }
}
