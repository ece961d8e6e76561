/// What S3 checks an object's bytes with, beside the signature
/// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
public enum ChecksumAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// zlib's. What the AWS SDKs send unless told otherwise.
    case crc32 = "CRC32"
    /// Castagnoli's polynomial, which processors have an instruction for.
    case crc32c = "CRC32C"
    /// What S3 itself keeps for an object that came without.
    case crc64nvme = "CRC64NVME"
    /// The one that also holds against intent.
    case sha256 = "SHA256"

    /// `x-amz-checksum-crc32`
    public var header: String { "x-amz-checksum-\(rawValue.lowercased())" }

    /// Bytes of a checksum before base64.
    var size: Int {
        switch self {
        case .crc32, .crc32c: 4
        case .crc64nvme: 8
        case .sha256: 32
        }
    }

    /// Characters of a checksum in base64.
    var encodedSize: Int { (size + 2) / 3 * 4 }

    /// In base64, as its header has it.
    public func checksum(_ bytes: [UInt8]) -> String {
        var checksum = Checksum(self)
        checksum.update(bytes)
        return checksum.finalize()
    }
}
