import Glibc

extension ScriptedServer.Connection {
    /// A connection to a server on 127.0.0.1.
    public static func open(port: Int) throws -> ScriptedServer.Connection {
        guard let descriptor = LoopbackPorts.connect(port) else {
            throw ScriptedServer.Ended(description: "connecting to 127.0.0.1:\(port)")
        }
        return ScriptedServer.Connection(descriptor, index: 0)
    }

    /// Everything up to the peer's end.
    public func readToEnd() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try readPiece()
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }

    /// Hands on all that comes until either side ends, then ends both.
    func relay(to other: ScriptedServer.Connection) {
        while let piece = try? readPiece(), !piece.isEmpty, (try? other.write(piece)) != nil {}
        hangUp()
        other.hangUp()
    }
}
