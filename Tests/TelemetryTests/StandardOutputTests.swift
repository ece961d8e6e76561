import Glibc
import Testing

@testable import Telemetry

@Suite(.timeLimit(.minutes(1))) struct StandardOutputTests {
    /// Two ends of a connection that keeps each write apart.
    private func pair() throws -> (near: Int32, far: Int32) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue)
        let status = unsafe ends.withUnsafeMutableBufferPointer {
            unsafe socketpair(AF_UNIX, type, 0, $0.baseAddress)
        }
        try #require(status == 0)
        return (ends[0], ends[1])
    }

    private func receive(_ descriptor: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 300_000)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        return Array(bytes.prefix(max(0, count)))
    }

    @Test func `one line is one write`() throws {
        let (near, far) = try pair()
        defer {
            close(near)
            close(far)
        }
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 150_000) + [0x0A]
        writeLine(Array("short\n".utf8), to: near)
        writeLine(long, to: near)
        #expect(receive(far) == Array("short\n".utf8))
        #expect(receive(far) == long)
    }

    @Test func `a line that nobody takes is lost, and nothing else`() throws {
        let (near, far) = try pair()
        close(near)
        writeLine([0x0A], to: near)
        close(far)
    }
}
