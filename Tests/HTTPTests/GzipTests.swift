import HTTP
import Testing

@Suite struct GzipTests {
    /// `printf hello | gzip -n`
    private static let hello: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00,
        0x86, 0xA6,
        0x10, 0x36, 0x05, 0x00, 0x00, 0x00,
    ]

    @Test func decompressesWhatGzipWrote() {
        #expect(Gzip.decompress(Self.hello, limit: 5) == Array("hello".utf8))
        #expect(Gzip.decompress(Self.hello + Self.hello, limit: 10) == Array("hellohello".utf8))
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 1 << 20]) func comesBackWhole(size: Int) {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: ($0 &* 7919) >> 3) }
        for level in [1, 6, 9, 0, 12] as [Int32] {
            #expect(Gzip.decompress(Gzip.compress(bytes, level: level), limit: size) == bytes)
        }
    }

    @Test func aBombStopsAtTheLimit() {
        let bomb = Gzip.compress([UInt8](repeating: 0, count: 4 << 20))
        #expect(bomb.count < 10_000)
        #expect(Gzip.decompress(bomb, limit: 1 << 20) == nil)
        #expect(Gzip.decompress(Self.hello, limit: 4) == nil)
    }

    @Test func whatIsNoGzipIsRefused() {
        #expect(Gzip.decompress([], limit: 100) == nil)
        #expect(Gzip.decompress(Array("hello".utf8), limit: 100) == nil)
        #expect(Gzip.decompress(Self.hello.dropLast() + [1], limit: 100) == nil)
        #expect(Gzip.decompress(Self.hello + [0], limit: 100) == nil)
        for count in 1..<Self.hello.count {
            #expect(Gzip.decompress(Array(Self.hello.prefix(count)), limit: 100) == nil)
        }
    }

    // The check value of CRC-32/ISO-HDLC, and of nothing.
    @Test func crc32() {
        #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(CRC32.checksum([]) == 0)
        #expect(CRC32.checksum(Array("6789".utf8), from: CRC32.checksum(Array("12345".utf8))) == 0xCBF4_3926)
    }
}
