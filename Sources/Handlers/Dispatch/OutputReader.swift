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
    /// Why the worker's side ended early.
    private(set) var failure: ComfyUIError?

    init(_ response: HTTPClient.StreamingResponse) {
        source = { () async throws(HTTPError) in try await response.next() }
    }

    init(_ bytes: [UInt8]) {
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
            count += piece.count
            hash?.update(piece)
            return piece
        }
    }

    /// How much passed, and its SHA-256.
    func finish() -> (bytes: Int, sha256: [UInt8]) {
        (count, hash.take()?.finalize() ?? [])
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
