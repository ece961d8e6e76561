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
