import Crypto
import Time

/// Signs a body in chunks as it is sent, each signature over the one before
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html).
struct ChunkSigner: Sendable {
    static let payloadHash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    /// The body ends in a signed trailer.
    static let payloadHashWithTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    /// S3 refuses chunks under 8 KB; a larger one costs memory, a smaller one a hash more.
    static let chunkSize = 64 << 10

    private let key: [UInt8]
    private let timeAndScope: String
    /// The last signature, first the request's own.
    private(set) var previous: String

    init(seed: String, signer: SigV4, time: Timestamp) {
        key = signer.key(at: time)
        timeAndScope = "\(time.basicISO8601)\n\(signer.scope(at: time))"
        previous = seed
    }

    /// The chunk as it goes over the wire; an empty one ends the body.
    mutating func chunk(_ data: [UInt8]) -> [UInt8] {
        var bytes = header(data)
        bytes.append(contentsOf: data)
        bytes.append(contentsOf: [0x0D, 0x0A])
        return bytes
    }

    /// The empty chunk and after it one trailer, such as `x-amz-checksum-crc32c`, with its signature.
    mutating func end(trailer name: String, _ value: String) -> [UInt8] {
        var bytes = header([])
        let text =
            "AWS4-HMAC-SHA256-TRAILER\n\(timeAndScope)\n\(previous)\n\(SigV4.hash(Array("\(name):\(value)\n".utf8)))"
        previous = Hex.encode(HMAC.sha256(key: key, Array(text.utf8)))
        bytes.append(
            contentsOf: "\(name):\(value)\r\nx-amz-trailer-signature:\(previous)\r\n\r\n".utf8)
        return bytes
    }

    private mutating func header(_ data: [UInt8]) -> [UInt8] {
        let text =
            "AWS4-HMAC-SHA256-PAYLOAD\n\(timeAndScope)\n\(previous)\n\(SigV4.emptyHash)\n\(SigV4.hash(data))"
        previous = Hex.encode(HMAC.sha256(key: key, Array(text.utf8)))
        return Array("\(String(data.count, radix: 16));chunk-signature=\(previous)\r\n".utf8)
    }

    /// What `length` bytes become: the `Content-Length` of a body without a trailer.
    static func encodedLength(of length: Int) -> Int {
        func size(_ data: Int) -> Int {
            String(data, radix: 16).utf8.count + ";chunk-signature=".utf8.count + 64 + 2 + data + 2
        }
        let rest = length % chunkSize
        return length / chunkSize * size(chunkSize) + (rest > 0 ? size(rest) : 0) + size(0)
    }
}
