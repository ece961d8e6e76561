/// How a body goes out in chunks (content encoding `aws-chunked`): what is signed of it and what follows it.
struct ChunkedEncoding: Sendable, Hashable {
    /// S3 refuses chunks under 8 KB, the last excepted; a larger one costs memory, a smaller one a hash more.
    static let chunkSize = 64 << 10
    private static let signatureDigits = 64

    /// Whether each chunk has a signature. Without, only TLS keeps the body from being changed on the way.
    var isSigned = true
    /// The checksum sent after the body.
    var trailer: ChecksumAlgorithm?

    /// What stands for the body's hash in `x-amz-content-sha256`.
    var payloadHash: String {
        switch (isSigned, trailer) {
        case (true, nil): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        case (true, .some): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        case (false, _): "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        }
    }

    /// What `length` bytes become: the `Content-Length`.
    func encodedLength(of length: Int) -> Int {
        let signature = isSigned ? ";chunk-signature=".utf8.count + Self.signatureDigits : 0
        func size(_ data: Int) -> Int { String(data, radix: 16).utf8.count + signature + 2 + data + 2 }
        let rest = length % Self.chunkSize
        var total =
            length / Self.chunkSize * size(Self.chunkSize) + (rest > 0 ? size(rest) : 0) + size(0)
        if let trailer { total += trailer.header.utf8.count + 1 + trailer.encodedSize + 2 }
        if trailer != nil, isSigned {
            total += "x-amz-trailer-signature:".utf8.count + Self.signatureDigits + 2
        }
        return total
    }
}

/// A body's pieces, of whatever size they come, as chunks of one size. Fails when the pieces do not add up to the
/// length that was signed: the request has promised it.
actor ChunkedBody {
    /// The source gave more or fewer bytes than it had said.
    struct LengthMismatch: Error, CustomStringConvertible {
        let expected: Int
        let given: Int
        var description: String { "the body source gave \(given) bytes instead of \(expected)" }
    }

    private var signer: ChunkSigner?
    private var checksum: Checksum?
    private let length: Int
    private let source: @Sendable () async throws -> [UInt8]?
    private var pending: ArraySlice<UInt8> = []
    private var given = 0
    private var sourceEnded = false
    private var ended = false

    /// `signer` nil leaves the chunks unsigned.
    init(
        length: Int, trailer: ChecksumAlgorithm?, signer: ChunkSigner?,
        source: @escaping @Sendable () async throws -> [UInt8]?
    ) {
        self.length = length
        self.signer = signer
        self.source = source
        checksum = if let trailer { Checksum(trailer) } else { nil }
    }

    /// The next bytes for the wire; nil after the empty chunk and the trailer.
    func next() async throws -> [UInt8]? {
        while pending.count < ChunkedEncoding.chunkSize, !sourceEnded {
            guard let piece = try await source() else {
                sourceEnded = true
                break
            }
            given += piece.count
            if given > length { throw LengthMismatch(expected: length, given: given) }
            if pending.isEmpty { pending = piece[...] } else { pending.append(contentsOf: piece) }
        }
        if !pending.isEmpty {
            let data = Array(pending.prefix(ChunkedEncoding.chunkSize))
            pending = pending.dropFirst(data.count)
            checksum?.update(data)
            var bytes = header(data)
            bytes.append(contentsOf: data)
            bytes.append(contentsOf: "\r\n".utf8)
            return bytes
        }
        if ended { return nil }
        if given < length { throw LengthMismatch(expected: length, given: given) }
        ended = true
        return end()
    }

    private func header(_ data: [UInt8]) -> [UInt8] {
        var bytes = Array(String(data.count, radix: 16).utf8)
        bytes.reserveCapacity(data.count + 128)
        if let signature = signer?.sign(chunk: data) {
            bytes.append(contentsOf: ";chunk-signature=".utf8)
            bytes.append(contentsOf: signature)
        }
        bytes.append(contentsOf: "\r\n".utf8)
        return bytes
    }

    private func end() -> [UInt8] {
        var bytes = header([])
        if let checksum = checksum.take() {
            let name = checksum.algorithm.header
            let value = checksum.finalize()
            bytes.append(contentsOf: "\(name):\(value)\r\n".utf8)
            if let signature = signer?.sign(trailer: name, value) {
                bytes.append(contentsOf: "x-amz-trailer-signature:".utf8)
                bytes.append(contentsOf: signature)
                bytes.append(contentsOf: "\r\n".utf8)
            }
        }
        bytes.append(contentsOf: "\r\n".utf8)
        return bytes
    }
}
