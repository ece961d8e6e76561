internal import CSpawn
import Glibc

/// A pipe. Neither end is inherited by a program that is started: it gets what its launch names, and nothing else.
public struct Pipe: Sendable {
    /// Where its bytes come out.
    public let readEnd: Int32
    /// Where they are put in.
    public let writeEnd: Int32

    /// Throws when the process or the system has no descriptor left.
    public init() throws(SpawnError) {
        var ends: [Int32] = [-1, -1]
        let status = unsafe ends.withUnsafeMutableBufferPointer { ends in
            unsafe ends.baseAddress.map { unsafe comfy_spawn_pipe($0) } ?? -1
        }
        guard status == 0 else { throw SpawnError(number: errno) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    /// Makes reading return at once, for an event loop that says when there is something to read.
    public func unblockReading() { _ = fcntl(readEnd, F_SETFL, O_NONBLOCK) }

    /// Closes both ends.
    public func close() {
        Glibc.close(readEnd)
        Glibc.close(writeEnd)
    }
}

/// A program or a pipe that the system did not give.
public struct SpawnError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The `errno` of it.
    public let number: Int32

    /// What `errno` says.
    public init(number: Int32) { self.number = number }

    /// The system's words for it.
    public var description: String { unsafe String(cString: strerror(number)) }
}
