import HTTP
import TestSupport
import Testing

@testable import Handlers

@Suite struct PNGMetadataFilterTests {
    private static func chunk(_ type: String, _ data: [UInt8] = []) -> [UInt8] {
        let body = Array(type.utf8) + data
        return big(data.count) + body + big(Int(CRC32.checksum(body)))
    }

    private static func big(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    private static func filtered(_ bytes: [UInt8], pieces: Int) -> [UInt8] {
        var filter = PNGMetadataFilter()
        var result: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            result += filter.filter(Array(rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        return result
    }

    private static let header = PNGMetadataFilter.signature + chunk("IHDR", [UInt8](repeating: 1, count: 13))
    private static let data = chunk("IDAT", Array(0...99))
    private static let end = chunk("IEND")

    /// However the bytes arrive.
    @Test(arguments: [1, 3, 8, 1000])
    func whatIsNotThePictureGoes(_ pieces: Int) {
        let shown = Self.chunk("gAMA", [0, 0, 1, 2]) + Self.chunk("tRNS", [3]) + Self.chunk("fcTL", [4])
        let hidden =
            Self.chunk("tEXt", Array("prompt\0{}".utf8)) + Self.chunk("zTXt", [1]) + Self.chunk("iTXt")
            + Self.chunk("eXIf", [2, 3]) + Self.chunk("comf", Array("workflow\0{}".utf8))
            + Self.chunk("tIME", [1, 2, 3, 4, 5, 6, 7])
        let bytes =
            Self.header + hidden + shown + hidden + Self.data + hidden + Self.end + [1, 2, 3] + hidden
        #expect(Self.filtered(bytes, pieces: pieces) == Self.header + shown + Self.data + Self.end)
    }

    @Test func apictureOfComfyUIKeepsItsPixels() throws {
        let bytes = try Fixtures.bytes("comfyui/sample-with-metadata.png")
        let result = Self.filtered(bytes, pieces: 777)
        #expect(Self.types(bytes).contains("tEXt"))
        #expect(Self.types(result) == Self.types(bytes).filter { $0 != "tEXt" })
        // Twice is the same.
        #expect(Self.filtered(result, pieces: 5) == result)
    }

    /// A length that no chunk may have, a type that is none, an end that hides something: nothing behind it is kept,
    /// and nothing is kept in memory for it.
    @Test(
        arguments: [
            [0xFF, 0xFF, 0xFF, 0xFF] + Array("tEXt".utf8), [0x80, 0, 0, 0] + Array("IDAT".utf8),
            [0, 0, 0, 1] + [0x49, 0x44, 0, 0x54], [0, 0, 0, 9] + Array("IEND".utf8),
        ] as [[UInt8]])
    func whatCannotBeAChunkEndsThePicture(_ head: [UInt8]) {
        let bytes = Self.header + head + [UInt8](repeating: 7, count: 100) + Self.data
        #expect(Self.filtered(bytes, pieces: 10) == Self.header)
    }

    /// A picture that ends too early stays what it is.
    @Test func everyPrefixIsReadWithoutATrap() {
        let bytes = Self.header + Self.chunk("tEXt", [1, 2, 3]) + Self.data + Self.end
        for length in 0...bytes.count {
            let result = Self.filtered(Array(bytes.prefix(length)), pieces: 4)
            #expect((Self.header + Self.data + Self.end).starts(with: result))
        }
    }

    private static func types(_ bytes: [UInt8]) -> [String] {
        var types: [String] = []
        var offset = 8
        while offset + 8 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            types.append(String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self))
            offset += 12 + length
        }
        return types
    }
}
