/// Where the body of a request comes from when libcurl asks for it piece by piece. On the loop's thread only, which is
/// why it may say that it is `Sendable`.
final class UploadSource: @unchecked Sendable {
    /// Given out so far, and what was promised; nil when the length is unknown.
    private var given = 0
    private let length: Int?
    /// What libcurl has not taken yet of the piece at hand.
    private var piece: ArraySlice<UInt8>
    private var hasEnded: Bool
    private let whole: [UInt8]?
    private var failure: (any Error)?
    private var isClosed = false
    private var pumpWaits: CheckedContinuation<Bool, Never>?
    /// The task that runs `pump`.
    private var pumpTask: Task<Void, any Error>?
    /// Called when there is news after `fill` said `pause`.
    var wake: (() -> Void)?

    /// The promise and what was given differ.
    struct WrongLength: Error, CustomStringConvertible {
        let description: String
    }

    /// A body in memory: it can be sent again.
    init(_ bytes: [UInt8]) {
        whole = bytes
        piece = bytes[...]
        length = bytes.count
        hasEnded = true
    }

    /// A body that `pump` fetches.
    init(length: Int?) {
        whole = nil
        piece = []
        self.length = length
        hasEnded = false
    }

    /// What the source threw, once `fill` has said `stop`.
    var error: (any Error)? { failure }

    func fill(_ room: UnsafeMutableRawBufferPointer) -> EasyHandle.Supply {
        if failure != nil { return .stop }
        if piece.isEmpty {
            guard hasEnded else {
                askForMore()
                return .pause
            }
            return .end
        }
        let count = min(piece.count, room.count)
        unsafe piece.withUnsafeBytes {
            unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count]))
        }
        piece = piece.dropFirst(count)
        given += count
        return .bytes(count)
    }

    func rewind() -> Bool {
        guard let whole else { return given == 0 }
        piece = whole[...]
        given = 0
        return true
    }

    /// Once, before the transfer starts.
    func isPumped(by task: Task<Void, any Error>) {
        if isClosed { task.cancel() } else { pumpTask = task }
    }

    /// The transfer is over: the pump is cancelled, also inside the source.
    func close() {
        isClosed = true
        wake = nil
        pumpTask?.cancel()
        pumpTask = nil
        askForMore()
    }

    private func askForMore() {
        pumpWaits?.resume(returning: !isClosed)
        pumpWaits = nil
        isWanted = true
    }

    /// libcurl asked before the pump came to wait.
    private var isWanted = false

    /// Fetches pieces, each only when libcurl has taken the one before. Its task runs on the loop.
    func pump(on loop: EventLoop, _ next: @Sendable () async throws -> [UInt8]?) async {
        while await hasRoom(on: loop) {
            do {
                let piece = try await next()
                loop.perform { self.offer(piece) }
                if piece == nil { return }
            } catch {
                loop.perform { self.fail(error) }
                return
            }
        }
    }

    private func hasRoom(on loop: EventLoop) async -> Bool {
        await withCheckedContinuation { continuation in
            loop.perform {
                if self.isClosed || (self.isWanted && self.piece.isEmpty) {
                    continuation.resume(returning: !self.isClosed)
                } else {
                    self.pumpWaits = continuation
                }
            }
        }
    }

    private func offer(_ next: [UInt8]?) {
        isWanted = next?.isEmpty ?? false
        if let next { piece = next[...] } else { hasEnded = true }
        if let length {
            let total = given + piece.count
            if total > length || (hasEnded && total < length) {
                fail(WrongLength(description: "\(length) bytes were promised, \(total) given"))
                return
            }
        }
        if !piece.isEmpty || hasEnded { wake?() }
    }

    private func fail(_ error: any Error) {
        failure = error
        wake?()
    }
}
