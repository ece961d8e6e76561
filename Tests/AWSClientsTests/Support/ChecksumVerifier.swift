import Crypto

/// Checks `x-amz-checksum-*` as S3 does, byte by byte and with nothing of the client's code.
enum ChecksumVerifier {
    static func value(_ name: String, _ bytes: [UInt8]) -> String? {
        switch name {
        case "crc32": encode(crc(bytes, 0x04C1_1DB7, 32), 4)
        case "crc32c": encode(crc(bytes, 0x1EDC_6F41, 32), 4)
        case "crc64nvme": encode(crc(bytes, 0xAD93_D235_94C9_3659, 64), 8)
        case "sha256": Base64.encode(SHA256.hash(bytes))
        default: nil
        }
    }

    /// What is wrong with the checksums of a body; nil when all hold.
    static func fault(_ fields: [String: String], _ body: [UInt8], isRequired: Bool) -> String? {
        let prefix = "x-amz-checksum-"
        // Not of the body: how the parts will be checked, and how it is to be answered.
        let others = ["x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-checksum-mode"]
        let checksums = fields.filter { $0.key.hasPrefix(prefix) && !others.contains($0.key) }
        for (name, value) in checksums {
            guard let expected = Self.value(String(name.dropFirst(prefix.count)), body) else {
                return "\(name) is unknown"
            }
            if value != expected { return "\(name) is \(value), the body's is \(expected)" }
        }
        return isRequired && checksums.isEmpty ? "a checksum is required" : nil
    }

    /// By the definition, most significant bit first over reflected bytes; a table of 256 only spares the eight shifts.
    private static func crc(_ bytes: [UInt8], _ polynomial: UInt64, _ width: UInt64) -> UInt64 {
        let mask: UInt64 = .max >> (64 - width)
        let table = (UInt64(0)..<256).map { byte in
            (0..<8).reduce(byte << (width - 8)) { register, _ in
                (register << 1 ^ (register >> (width - 1) & 1 == 1 ? polynomial : 0)) & mask
            }
        }
        let reversed = (UInt8(0)...255).map { byte in
            (0..<8).reduce(UInt8(0)) { $0 << 1 | (byte >> UInt8($1) & 1) }
        }
        var register = mask
        for byte in bytes {
            let index = Int(UInt8(truncatingIfNeeded: register >> (width - 8)) ^ reversed[Int(byte)])
            register = (register << 8 ^ table[index]) & mask
        }
        var reflected: UInt64 = 0
        for bit in 0..<width where register >> bit & 1 == 1 { reflected |= 1 << (width - 1 - bit) }
        return reflected ^ mask
    }

    private static func encode(_ value: UInt64, _ size: Int) -> String {
        Base64.encode((0..<size).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) })
    }
}
