/// A body's pieces, of whatever size they come, as signed chunks of one size. Fails when the pieces do not add up to
/// the length that was signed: the request has promised it.
actor SignedChunks {
    /// The source gave more or fewer bytes than it had said.
    struct LengthMismatch: Error, CustomStringConvertible {
        let expected: Int
        let given: Int
        var description: String { "the body source gave \(given) bytes instead of \(expected)" }
    }

    private var signer: ChunkSigner
    private let length: Int
    private let source: @Sendable () async throws -> [UInt8]?
    private var pending: ArraySlice<UInt8> = []
    private var given = 0
    private var sourceEnded = false
    private var ended = false

    init(signer: ChunkSigner, length: Int, source: @escaping @Sendable () async throws -> [UInt8]?) {
        self.signer = signer
        self.length = length
        self.source = source
    }

    /// The next bytes for the wire; nil after the empty chunk.
    func next() async throws -> [UInt8]? {
        while pending.count < ChunkSigner.chunkSize, !sourceEnded {
            guard let piece = try await source() else {
                sourceEnded = true
                break
            }
            given += piece.count
            if given > length { throw LengthMismatch(expected: length, given: given) }
            if pending.isEmpty { pending = piece[...] } else { pending.append(contentsOf: piece) }
        }
        if !pending.isEmpty {
            let data = Array(pending.prefix(ChunkSigner.chunkSize))
            pending = pending.dropFirst(data.count)
            return signer.chunk(data)
        }
        if ended { return nil }
        if given < length { throw LengthMismatch(expected: length, given: given) }
        ended = true
        return signer.chunk([])
    }
}
