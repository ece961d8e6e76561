import TestSupport
import Testing

@testable import Handlers

@Suite struct MediaTypeTests {
    /// Headers written out by hand after each format's specification.
    @Test(
        arguments: [
            (
                "png",
                [
                    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
                    0, 0, 2, 0, 0, 0, 3, 0,
                ], "image/png", 512, 768
            ),
            ("gif", Array("GIF89a".utf8) + [0x40, 0x01, 0xF0, 0x00], "image/gif", 320, 240),
            (
                "jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC0, 0, 11, 8, 0x01, 0x00, 0x02, 0x00],
                "image/jpeg", 512, 256
            ),
            (
                "webp",
                Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBPVP8X".utf8)
                    + [10, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0x01, 0, 0xFF, 0x02, 0], "image/webp", 512, 768
            ),
            (
                "webp",
                Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBPVP8L".utf8)
                    + [0, 0, 0, 0, 0x2F, 0xFF, 0xC1, 0xBF, 0x00], "image/webp", 512, 768
            ),
        ] as [(String, [UInt8], String, Int, Int)])
    func picturesTellTheirSize(
        _ fileExtension: String, _ head: [UInt8], _ contentType: String, _ width: Int, _ height: Int
    ) {
        let media = MediaType(sniffing: head)
        #expect(media.fileExtension == fileExtension)
        #expect(media.contentType == contentType)
        #expect(media.kind == .image)
        #expect(media.width == width)
        #expect(media.height == height)
    }

    @Test(
        arguments: [
            ([0, 0, 0, 24] + Array("ftypisom".utf8), "video/mp4", Job.Output.Kind.video),
            ([0x1A, 0x45, 0xDF, 0xA3], "video/webm", .video),
            (Array("fLaC".utf8), "audio/flac", .audio),
            (Array("OggS".utf8), "audio/ogg", .audio),
            (Array("ID3".utf8), "audio/mpeg", .audio),
            ([0xFF, 0xFB, 0x90, 0x64], "audio/mpeg", .audio),
            (Array("RIFF....WAVE".utf8), "audio/wav", .audio),
            (Array("a text\n".utf8), "text/plain; charset=utf-8", .text),
            // A page is text: it is served as an attachment, never as a page.
            (Array("<html><script>".utf8), "text/plain; charset=utf-8", .text),
            ([0, 1, 2, 3], "application/octet-stream", .file),
            ([], "application/octet-stream", .file),
            ([0xC3], "application/octet-stream", .file),
        ] as [([UInt8], String, Job.Output.Kind)])
    func otherKinds(_ head: [UInt8], _ contentType: String, _ kind: Job.Output.Kind) {
        let media = MediaType(sniffing: head)
        #expect(media.contentType == contentType)
        #expect(media.kind == kind)
        #expect(media.width == nil)
    }

    @Test func aTextMayBeCutInTheMiddleOfACharacter() {
        #expect(MediaType(sniffing: Array("Grüße".utf8.prefix(3))).kind == .text)
    }

    /// Every prefix of a picture is read without a trap.
    @Test func cutHeadersAreNoTrap() throws {
        let whole = try Fixtures.bytes("comfyui/sample-with-metadata.png")
        for length in 0..<min(64, whole.count) {
            _ = MediaType(sniffing: Array(whole.prefix(length)))
        }
        for length in 0..<20 {
            _ = MediaType(sniffing: [0xFF, 0xD8, 0xFF] + [UInt8](repeating: 0xFF, count: length))
        }
    }
}
