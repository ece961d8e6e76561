internal import CZlib

/// gzip (RFC 1952) through zlib.
public enum Gzip {
    /// The version of the zlib that the program is linked with, such as `1.2.13`.
    public static var zlibVersion: String { unsafe String(cString: CZlib.zlibVersion()) }

    private static let pieceSize = 64 << 10

    /// One gzip member. `level` is zlib's, 1 (fast) to 9 (small); others mean 6.
    public static func compress(_ bytes: [UInt8], level: Int32 = 6) -> [UInt8] {
        var stream = unsafe z_stream()
        let status = unsafe comfy_deflate_init_gzip(&stream, (1...9).contains(level) ? level : 6)
        precondition(status == Z_OK, "zlib found no memory")
        defer { unsafe deflateEnd(&stream) }
        var compressed: [UInt8] = []
        compressed.reserveCapacity(bytes.count / 3 + 64)
        _ = unsafe run(&stream, over: bytes[...], into: &compressed, limit: .max) {
            unsafe deflate($0, $1 ? Z_FINISH : Z_NO_FLUSH)
        }
        return compressed
    }

    /// nil when the bytes are no gzip or would exceed `limit` (a bomb stops there). Members that follow one
    /// another are joined (RFC 1952 §2.2); anything else after a member is refused.
    public static func decompress(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        var stream = unsafe z_stream()
        guard unsafe comfy_inflate_init_gzip(&stream) == Z_OK else { return nil }
        defer { unsafe inflateEnd(&stream) }
        var plain: [UInt8] = []
        var rest = bytes[...]
        repeat {
            let used = unsafe run(&stream, over: rest, into: &plain, limit: limit) { stream, _ in
                unsafe inflate(stream, Z_NO_FLUSH)
            }
            guard let used, unsafe inflateReset(&stream) == Z_OK else { return nil }
            rest = rest.dropFirst(used)
        } while !rest.isEmpty
        return plain
    }

    /// Feeds all of `input` until the stream ends. The bytes of it that were used, or nil when the input is broken,
    /// ends too early, or gives more than `limit`.
    private static func run(
        _ stream: inout z_stream, over input: ArraySlice<UInt8>, into output: inout [UInt8], limit: Int,
        _ step: (_ stream: UnsafeMutablePointer<z_stream>, _ isLast: Bool) -> Int32
    ) -> Int? {
        var piece = [UInt8](repeating: 0, count: pieceSize)
        // zlib counts in 32 bits: a larger input goes in slices.
        let slice = 1 << 30
        var input = input
        let total = input.count
        while true {
            let offered = min(input.count, slice)
            let (status, taken, made) = unsafe input.withUnsafeBytes { source in
                unsafe piece.withUnsafeMutableBytes { target in
                    unsafe stream.next_in = UnsafeMutablePointer(
                        mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
                    unsafe stream.avail_in = UInt32(offered)
                    unsafe stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    unsafe stream.avail_out = UInt32(target.count)
                    let status = unsafe step(&stream, offered == input.count)
                    return unsafe (
                        status, offered - Int(stream.avail_in), target.count - Int(stream.avail_out)
                    )
                }
            }
            guard output.count + made <= limit else { return nil }
            output += piece[..<made]
            input = input.dropFirst(taken)
            if status == Z_STREAM_END { return total - input.count }
            // No progress with nothing left to offer: the stream is cut short.
            guard status == Z_OK, taken > 0 || made > 0 else { return nil }
        }
    }
}

/// CRC-32 (zlib's), as `x-amz-crc32` has it.
public enum CRC32 {
    /// The checksum of `bytes` appended to what `start` is the checksum of.
    public static func checksum(_ bytes: [UInt8], from start: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe UInt32(truncatingIfNeeded: crc32_z(UInt(start), buffer.baseAddress, buffer.count))
        }
    }
}
