import Crypto
import Time

/// Signs a body in chunks as it is sent, each signature over the one before
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html, with a trailer
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html).
struct ChunkSigner: Sendable {
    private let key: SigningKey
    /// What every string to sign has after its first line.
    private let timeAndScope: [UInt8]
    private var signature: [UInt8]

    /// The last signature, first the request's own.
    var previous: String { String(decoding: signature, as: UTF8.self) }

    init(seed: String, signer: SigV4, time: Timestamp) {
        key = signer.key(at: time)
        timeAndScope = Array("\n\(time.basicISO8601)\n".utf8) + key.scope + Array("\n".utf8)
        signature = Array(seed.utf8)
    }

    /// The signature of a chunk's bytes; an empty chunk ends the body.
    mutating func sign(chunk data: [UInt8]) -> [UInt8] {
        sign("AWS4-HMAC-SHA256-PAYLOAD", Array("\(SigV4.emptyHash)\n\(SigV4.hash(data))".utf8))
    }

    /// The signature of the trailer that follows the empty chunk.
    mutating func sign(trailer name: String, _ value: String) -> [UInt8] {
        sign("AWS4-HMAC-SHA256-TRAILER", Array(SigV4.hash(Array("\(name):\(value)\n".utf8)).utf8))
    }

    private mutating func sign(_ algorithm: String, _ hashes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(320)
        text.append(contentsOf: algorithm.utf8)
        text.append(contentsOf: timeAndScope)
        text.append(contentsOf: signature)
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: hashes)
        signature.removeAll(keepingCapacity: true)
        key.sign(text, to: &signature)
        return signature
    }
}
