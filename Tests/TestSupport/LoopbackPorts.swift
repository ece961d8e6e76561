import Glibc

/// Ports of 127.0.0.1 for programs that must be told one.
enum LoopbackPorts {
    /// Ports on which nobody listens now, all different.
    static func free(_ count: Int) throws -> [Int] {
        // All are held until the last is known: else one might be given twice.
        let sockets = (0..<count).map { _ in
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        defer { for descriptor in sockets { close(descriptor) } }
        return try sockets.map { descriptor in
            var port = 0
            guard
                unsafe withLoopbackAddress(
                    port: 0,
                    { address, length in
                        unsafe bind(descriptor, address, length.pointee) == 0
                            && getsockname(descriptor, address, length) == 0
                    }, bound: { port = $0 })
            else { throw ScriptedServer.Ended(description: "finding a free port on 127.0.0.1") }
            return port
        }
    }

    /// Whether somebody does listen there.
    static func isListening(_ port: Int) -> Bool {
        guard let descriptor = connect(port) else { return false }
        close(descriptor)
        return true
    }

    /// A connected socket; nil when nobody listens there.
    static func connect(_ port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let isConnected = unsafe withLoopbackAddress(
            port: port, { address, length in unsafe Glibc.connect(descriptor, address, length.pointee) == 0 })
        if isConnected { return descriptor }
        close(descriptor)
        return nil
    }

    private static func withLoopbackAddress(
        port: Int, _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Bool,
        bound: (Int) -> Void = { _ in }
    ) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isDone = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe body(generic, &length)
            }
        }
        if isDone { bound(Int(UInt16(bigEndian: address.sin_port))) }
        return isDone
    }
}
