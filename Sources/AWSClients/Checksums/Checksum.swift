import Crypto
import HTTP

/// A checksum of bytes that come in pieces.
struct Checksum: ~Copyable {
    let algorithm: ChecksumAlgorithm
    private var crc: UInt64
    /// Only where the algorithm is SHA-256.
    private var digest: SHA256?

    init(_ algorithm: ChecksumAlgorithm) {
        self.algorithm = algorithm
        crc = 0
        digest = algorithm == .sha256 ? SHA256() : nil
    }

    mutating func update(_ bytes: [UInt8]) {
        switch algorithm {
        case .crc32: crc = UInt64(CRC32.checksum(bytes, from: UInt32(truncatingIfNeeded: crc)))
        case .crc32c: crc = CRCTable.crc32c.checksum(bytes, from: crc)
        case .crc64nvme: crc = CRCTable.crc64nvme.checksum(bytes, from: crc)
        case .sha256: digest?.update(bytes)
        }
    }

    /// In base64, the bytes of a CRC from the highest to the lowest.
    consuming func finalize() -> String {
        let size = algorithm.size
        let crc = crc
        if let digest = digest.take() { return Base64.encode(digest.finalize()) }
        return Base64.encode((0..<size).reversed().map { UInt8(truncatingIfNeeded: crc >> (8 * UInt64($0))) })
    }
}
