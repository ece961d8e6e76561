import ComfyUI
import Crypto
import HTTP

/// Hands an output on piece by piece, hashing and counting what passes.
actor OutputReader {
    private let source: @Sendable () async throws(HTTPError) -> [UInt8]?
    private var filter: PNGMetadataFilter?
    private var hash: SHA256? = SHA256()
    private var count = 0
    private var held: [[UInt8]] = []
    private var ended = false
    /// Where a large output waits for its turn, and whether it has it.
    private let gate: TransferGate?
    private var isInside = false
    /// Why the worker's side ended early.
    private(set) var failure: ComfyUIError?

    /// What is handed on without a place behind the gate.
    static let freeLength = 1 << 20

    init(_ response: HTTPClient.StreamingResponse, through gate: TransferGate) {
        self.gate = gate
        source = { () async throws(HTTPError) in try await response.next() }
    }

    init(_ bytes: [UInt8]) {
        gate = nil
        source = { () async throws(HTTPError) in nil }
        held = bytes.isEmpty ? [] : [bytes]
    }

    /// The first `length` bytes as they come from the worker, which `next` will hand out again.
    func head(_ length: Int) async throws(ComfyUIError) -> [UInt8] {
        var head = held.flatMap { $0 }
        while head.count < length, let piece = try await read() {
            held.append(piece)
            head += piece
        }
        return Array(head.prefix(length))
    }

    /// From here on a PNG is handed on without what is not the picture.
    func stripMetadata() { filter = PNGMetadataFilter() }

    /// The next piece, nil at the end.
    func next() async throws(ComfyUIError) -> [UInt8]? {
        while true {
            guard var piece = held.isEmpty ? try await read() : held.removeFirst() else { return nil }
            if let kept = filter?.filter(piece) { piece = kept }
            if piece.isEmpty { continue }
            if let gate, !isInside, count + piece.count > Self.freeLength {
                isInside = await gate.enter()
                if !isInside { throw ComfyUIError(.cancelled, "The transfer was cancelled.") }
            }
            count += piece.count
            hash?.update(piece)
            return piece
        }
    }

    /// How much passed, and its SHA-256. Nothing is read any more, well or not.
    func finish() async -> (bytes: Int, sha256: [UInt8]) {
        ended = true
        held = []
        if isInside {
            isInside = false
            await gate?.leave()
        }
        return (count, hash.take()?.finalize() ?? [])
    }

    private func read() async throws(ComfyUIError) -> [UInt8]? {
        if ended { return nil }
        do {
            let piece = try await source()
            if piece == nil { ended = true }
            return piece
        } catch {
            ended = true
            let lost = ComfyUIError(.unreachable, "\(error)", underlying: error)
            failure = lost
            throw lost
        }
    }
}
