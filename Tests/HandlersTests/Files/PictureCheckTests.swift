import Crypto
import Testing
import Time

@testable import Handlers

@Suite struct PictureCheckTests {
    @Test(arguments: [
        (SamplePicture.png, "image/png"), (SamplePicture.webp, "image/webp"),
        (SamplePicture.jpeg, "image/jpeg"),
    ])
    func aPictureIsTaken(_ bytes: [UInt8], _ type: String) throws {
        let picture = try PictureCheck(head: bytes, maximumPixels: 24 * 16)
        #expect(picture.type.contentType == type)
        #expect(picture.width == 24)
        #expect(picture.height == 16)
    }

    @Test(arguments: [
        (SamplePicture.gif, "not_a_picture"), (SamplePicture.animatedPNG, "animated"),
        (SamplePicture.animatedWebP, "animated"), (Array("<svg/>".utf8), "not_a_picture"),
        ([], "not_a_picture"),
        (Array(SamplePicture.png.prefix(20)), "not_a_picture"),
        // Whether it is an animation is told behind the header, and that is cut off.
        (Array(SamplePicture.png.prefix(33)), "animated"),
    ])
    func whatIsNoPictureIsNot(_ bytes: [UInt8], _ code: String) {
        let error = #expect(throws: PictureCheck.Refusal.self) {
            try PictureCheck(head: bytes, maximumPixels: 1_048_576)
        }
        #expect(error?.code == code)
    }

    @Test func pixelsAreBounded() {
        let error = #expect(throws: PictureCheck.Refusal.self) {
            try PictureCheck(head: SamplePicture.png, maximumPixels: 24 * 16 - 1)
        }
        #expect(error?.code == "too_many_pixels")
        // The largest sides that a PNG can have.
        var vast = SamplePicture.png
        vast.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
        #expect(throws: PictureCheck.Refusal.self) {
            try PictureCheck(head: vast, maximumPixels: 268_435_456)
        }
    }

    private static func jpeg(_ parts: [UInt8]...) -> [UInt8] {
        SamplePicture.jpegStart + parts.flatMap { $0 }
    }

    /// The sample's chunks, with others before the header or behind it.
    private static func png(before: [UInt8] = [], behind: [UInt8] = []) -> [UInt8] {
        let whole = SamplePicture.png
        return [Array(whole[..<8]), before, Array(whole[8..<33]), behind, Array(whole[33...])].flatMap { $0 }
    }

    private static let vastHeader = SamplePicture.pngChunk("IHDR", [UInt8](repeating: 9, count: 13))
    private static let frame = SamplePicture.jpegFrame(width: 24, height: 16)
    private static let vastFrame = SamplePicture.jpegFrame(width: 255, height: 255)

    /// Of two headers Pillow believes the last one, and of a PNG's also one that is not the first chunk.
    static let toldTwice: [[UInt8]] = [
        // A text whose bytes are where a header's size would be.
        png(before: SamplePicture.pngChunk("tEXt", [0, 0, 0, 8, 0, 0, 0, 8, 0])),
        png(behind: vastHeader),
        png(behind: SamplePicture.pngChunk("tEXt", [0]) + vastHeader),
        jpeg(frame, vastFrame, SamplePicture.jpegScan),
        // A segment that Pillow does not step over, with a header inside.
        jpeg(frame, [0xFF, 0xF0, 0, 21], vastFrame, SamplePicture.jpegScan),
        jpeg([0xFF, 0x01], frame, SamplePicture.jpegScan),
        // Another header may follow behind what is looked at.
        jpeg(frame),
    ]

    @Test(arguments: toldTwice)
    func aSizeThatIsToldTwiceIsNone(_ bytes: [UInt8]) {
        let error = #expect(throws: PictureCheck.Refusal.self) {
            try PictureCheck(head: bytes, maximumPixels: 1_048_576)
        }
        #expect(error?.code == "not_a_picture")
    }

    @Test func whatADecoderStepsOverIsNoMatter() throws {
        let index: [UInt8] = [0xFF, 0xE2, 0, 6] + Array("MPF\0".utf8)
        let padded: [UInt8] = [0xFF, 0xFF, 0xFE, 0, 3, 65]
        let tables: [UInt8] = [0xFF, 0xC4, 0, 3, 0]
        let jpeg = Self.jpeg(index, padded, Self.frame, tables, SamplePicture.jpegScan)
        #expect(try PictureCheck(head: jpeg, maximumPixels: 24 * 16).width == 24)
        let png = Self.png(behind: SamplePicture.pngChunk("tEXt", Array("IHDR".utf8)))
        #expect(try PictureCheck(head: png, maximumPixels: 24 * 16).height == 16)
    }

    private func inline(_ text: String) throws(PictureCheck.Refusal) -> InlineFile {
        try InlineFile(
            dataURI: text, user: "ada", maximumPixels: 1_048_576, at: Timestamp(milliseconds: 0))
    }

    @Test func aDataURIIsAFile() throws {
        // What it says of its type counts for nothing.
        let file = try inline("data:text/html;charset=utf-8;BASE64," + Base64.encode(SamplePicture.png))
        #expect(file.bytes == SamplePicture.png)
        #expect(file.file.contentType == "image/png")
        #expect(file.file.bytes == SamplePicture.png.count)
        #expect(file.file.key.hasPrefix("inputs/ada/"))
    }

    @Test(arguments: [
        ("data:", "bad_data_uri"), ("data:image/png;base64", "bad_data_uri"),
        ("data:image/png,abc", "bad_data_uri"), ("data:;base64,", "bad_data_uri"),
        ("data:;base64,%%%%", "bad_data_uri"), ("data:;base64,R0lGODdh", "not_a_picture"),
    ])
    func aBadDataURIIsRefused(_ text: String, _ code: String) {
        let error = #expect(throws: PictureCheck.Refusal.self) { try inline(text) }
        #expect(error?.code == code)
    }

    @Test func dataIsBounded() throws {
        var bytes = SamplePicture.png
        bytes += [UInt8](repeating: 0, count: InlineFile.maximumBytes - bytes.count)
        #expect(try inline("data:;base64," + Base64.encode(bytes)).bytes.count == 2_621_440)
        let error = #expect(throws: PictureCheck.Refusal.self) {
            try inline("data:;base64," + Base64.encode(bytes + [0]))
        }
        #expect(error?.code == "data_too_large")
    }
}
