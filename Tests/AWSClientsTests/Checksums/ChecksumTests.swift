import Crypto
import Testing

@testable import AWSClients

@Suite struct ChecksumTests {
    /// Of `123456789`: the check values of the CRC catalogue (https://reveng.sourceforge.io/crc-catalogue/all.htm,
    /// CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME) and `printf 123456789 | sha256sum`.
    @Test(arguments: [
        (ChecksumAlgorithm.crc32, "cbf43926"), (.crc32c, "e3069283"), (.crc64nvme, "ae8b14860a799888"),
        (.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
    ])
    func theCheckValueIsThePublishedOne(_ algorithm: ChecksumAlgorithm, _ digits: String) throws {
        let expected = Base64.encode(try #require(Hex.decode(digits)))
        #expect(algorithm.checksum(Array("123456789".utf8)) == expected)
        #expect(expected.utf8.count == algorithm.encodedSize)
    }

    /// RFC 3720 §B.4: 32 bytes each, the CRC as it goes over the wire, lowest byte first.
    @Test(arguments: [
        ([UInt8](repeating: 0, count: 32), "aa36918a"), ([UInt8](repeating: 0xFF, count: 32), "43aba862"),
        (Array(0..<32), "4e79dd46"), (Array((0..<32).reversed()), "5cdb3f11"),
    ])
    func theVectorsOfISCSI(_ bytes: [UInt8], _ digits: String) throws {
        #expect(
            ChecksumAlgorithm.crc32c.checksum(bytes)
                == Base64.encode(try #require(Hex.decode(digits)).reversed()))
    }

    /// NVM Express NVM Command Set Specification 1.0, figure 120: 4 KB of one pattern.
    @Test(arguments: [
        ([UInt8](repeating: 0, count: 4096), "6482d367eb22b64e"),
        ([UInt8](repeating: 0xFF, count: 4096), "c0ddba7302eca3ac"),
        ((0..<4096).map { UInt8(truncatingIfNeeded: $0) }, "3e729f5f6750449c"),
        ((0..<4096).map { UInt8(truncatingIfNeeded: 255 - $0 & 255) }, "9a2df64b8e9e517e"),
    ])
    func theVectorsOfNVMe(_ bytes: [UInt8], _ digits: String) throws {
        #expect(
            ChecksumAlgorithm.crc64nvme.checksum(bytes) == Base64.encode(try #require(Hex.decode(digits))))
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func piecesOfAnySizeMakeTheSame(_ algorithm: ChecksumAlgorithm) {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* $0) }
        for size in [1, 7, 8, 9, 63, 999] {
            var checksum = Checksum(algorithm)
            for start in stride(from: 0, to: bytes.count, by: size) {
                checksum.update(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(checksum.finalize() == algorithm.checksum(bytes))
        }
    }
}
