internal import CZlib
/// gzip (RFC 1952) through zlib.
public enum Gzip {
    public static func compress(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] { fatalError("stub") }
    /// nil when the bytes are no gzip or would exceed `limit` (a bomb stops there).
    public static func decompress(_ bytes: [UInt8], limit: Int) -> [UInt8]? { fatalError("stub") }
}
/// CRC-32 (zlib's), as `x-amz-crc32` has it.
public enum CRC32 {
    public static func checksum(_ bytes: [UInt8], from start: UInt32 = 0) -> UInt32 { fatalError("stub") }
}
