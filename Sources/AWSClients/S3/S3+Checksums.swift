import HTTP

extension S3 {
    /// What goes with an object whose caller names none. S3 keeps it itself for objects that come without, and it
    /// holds for a whole object however many parts it came in.
    var defaultChecksum: ChecksumAlgorithm? {
        client.configuration.requestChecksums == .whenSupported ? .crc64nvme : nil
    }

    func addChecksum(of bytes: [UInt8], _ asked: ChecksumAlgorithm?, to call: inout Call) {
        guard let algorithm = asked ?? defaultChecksum else { return }
        call.headers["x-amz-sdk-checksum-algorithm"] = algorithm.rawValue
        call.headers[algorithm.header] = algorithm.checksum(bytes)
    }

    static func verify(
        _ bytes: [UInt8], _ checksums: [ChecksumAlgorithm: String], _ operation: Operation
    ) throws(AWSError) {
        guard let (algorithm, expected) = preferred(checksums) else { return }
        guard algorithm.checksum(bytes) == expected else { throw mismatch(algorithm, operation) }
    }

    /// One is enough: the cheapest of those that S3 keeps.
    static func preferred(_ checksums: [ChecksumAlgorithm: String]) -> (ChecksumAlgorithm, String)? {
        for algorithm in [ChecksumAlgorithm.crc64nvme, .crc32c, .crc32, .sha256] {
            if let value = checksums[algorithm] { return (algorithm, value) }
        }
        return nil
    }

    static func mismatch(_ algorithm: ChecksumAlgorithm, _ operation: Operation) -> AWSError {
        operation.malformed("the body does not match its \(algorithm.header)")
    }
}
