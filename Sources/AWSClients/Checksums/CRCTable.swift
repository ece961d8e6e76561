/// A reflected CRC of up to 64 bits with all bits inverted before and after, eight bytes a step ("slicing by 8": Kounavis
/// and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation", 2008). zlib has only CRC-32.
struct CRCTable: Sendable {
    /// CRC-32C (RFC 3720 §12.1): 0x1EDC6F41, bits reversed.
    static let crc32c = CRCTable(polynomial: 0x82F6_3B78, width: 32)
    /// CRC-64/NVME (NVM Express NVM Command Set 1.0 §5.2.1.3.4): 0xAD93D23594C93659, bits reversed.
    static let crc64nvme = CRCTable(polynomial: 0x9A6C_9329_AC4B_C9B5, width: 64)

    /// Eight tables of 256, one after another: the k-th is of a byte that k zero bytes follow.
    private let table: [UInt64]
    private let ones: UInt64

    private init(polynomial: UInt64, width: Int) {
        ones = .max >> UInt64(64 - width)
        var table = (0..<256).map { byte in
            (0..<8).reduce(UInt64(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1 }
        }
        table.reserveCapacity(8 * 256)
        for index in 256..<(8 * 256) {
            let before = table[index - 256]
            table.append(table[Int(before & 0xFF)] ^ before >> 8)
        }
        self.table = table
    }

    /// The checksum of `bytes` appended to what `start` is the checksum of.
    func checksum(_ bytes: [UInt8], from start: UInt64 = 0) -> UInt64 {
        var crc = start ^ ones
        let bytes = bytes.span
        let table = table.span
        var position = 0
        while position + 8 <= bytes.count {
            var word: UInt64 = 0
            for offset in 0..<8 { word |= UInt64(bytes[position + offset]) << UInt64(8 * offset) }
            crc ^= word
            var next: UInt64 = 0
            for offset in 0..<8 {
                next ^= table[256 * (7 - offset) + Int(crc >> UInt64(8 * offset) & 0xFF)]
            }
            crc = next
            position += 8
        }
        while position < bytes.count {
            crc = table[Int((crc ^ UInt64(bytes[position])) & 0xFF)] ^ crc >> 8
            position += 1
        }
        return crc ^ ones
    }
}
