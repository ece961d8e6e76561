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
            // Filling bytes, a thumbnail's own frame inside of Exif, a restart, a table.
            (
                "jpg",
                [
                    0xFF, 0xD8, 0xFF, 0xFF, 0xFF, 0xE1, 0, 8, 0xFF, 0xC0, 0, 11, 8, 1, 0xFF, 0xD0, 0xFF, 0xC4,
                    0, 3, 9,
                ]
                    + [0xFF, 0xC2, 0, 11, 8, 0x03, 0x00, 0x02, 0x00], "image/jpeg", 512, 768
            ),
            (
                "webp",
                Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WEBPVP8 ".utf8)
                    + [0, 0, 0, 0, 1, 2, 3, 0x9D, 0x01, 0x2A, 0x00, 0x42, 0x00, 0xC3], "image/webp", 512, 768
            ),
            (
                "bmp",
                Array("BM".utf8) + [
                    9, 9, 9, 9, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 0, 2, 0, 0, 0, 0xFD, 0xFF, 0xFF,
                ],
                "image/bmp", 512, 768
            ),
            (
                "bmp",
                Array("BM".utf8) + [9, 9, 9, 9, 0, 0, 0, 0, 26, 0, 0, 0, 12, 0, 0, 0, 0, 2, 0, 3],
                "image/bmp", 512, 768
            ),
            (
                "tif",
                Array("II*".utf8) + [0, 8, 0, 0, 0, 3, 0] + [254, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0]
                    + [0, 1, 3, 0, 1, 0, 0, 0, 0, 2, 0, 0] + [1, 1, 4, 0, 1, 0, 0, 0, 0, 3, 0, 0],
                "image/tiff", 512, 768
            ),
            (
                "tif",
                Array("MM".utf8) + [0, 0x2A, 0, 0, 0, 8, 0, 2] + [1, 0, 0, 3, 0, 0, 0, 1, 2, 0, 0, 0]
                    + [1, 1, 0, 4, 0, 0, 0, 1, 0, 0, 3, 0], "image/tiff", 512, 768
            ),
            ("avif", iso("avif", tiles: [(256, 256), (512, 768)]), "image/avif", 512, 768),
            ("heic", iso("heic", tiles: [(512, 768), (256, 256)]), "image/heic", 512, 768),
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

    /// ISO/IEC 23008-12: `ftyp`, then `meta` with its properties.
    private static func iso(_ brand: String, tiles: [(Int, Int)]) -> [UInt8] {
        func big(_ value: Int) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
        }
        func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
            big(content.count + 8) + Array(type.utf8) + content
        }
        let sizes = tiles.flatMap { box("ispe", [0, 0, 0, 0] + big($0.0) + big($0.1)) }
        let properties = box("iprp", box("ipco", box("hvcC", [1, 2, 3]) + sizes))
        return box("ftyp", Array(brand.utf8) + big(0))
            + box("meta", [0, 0, 0, 0] + box("hdlr", [7]) + properties)
    }

    /// A size that no picture has, or half of one, is none; nothing in a header is a trap.
    @Test(arguments: [
        PNGMetadataFilter.signature + [
            0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 3, 0,
        ],
        PNGMetadataFilter.signature + [0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 2, 0],
        Array("GIF89a".utf8) + [0, 0, 1, 0],
        // The frame behind the picture's own data is not the picture's; a segment of length 0 leads nowhere.
        [0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 0xFF, 0xC0, 0, 11, 8, 1, 0, 2, 0],
        [0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF, 0xC0, 0, 11, 8, 1, 0, 2, 0],
        iso("avif", tiles: [(0xFFFF_FFFF, 0xFFFF_FFFF)]), iso("heic", tiles: []),
        Array("BM".utf8) + [9, 9, 9, 9, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0x80],
        Array("II*".utf8) + [0, 0xFF, 0xFF, 0xFF, 0xFF, 3, 0],
        Array("MM".utf8) + [0, 0x2A, 0, 0, 0, 4],
    ])
    func aSizeThatCannotBeIsNone(_ head: [UInt8]) {
        let media = MediaType(sniffing: head)
        #expect(media.kind == .image)
        #expect(media.width == nil)
        #expect(media.height == nil)
    }

    @Test(
        arguments: [
            ([0, 0, 0, 24] + Array("ftypisom".utf8), "video/mp4", Job.Output.Kind.video),
            ([0x1A, 0x45, 0xDF, 0xA3], "video/webm", .video),
            (
                [0x1A, 0x45, 0xDF, 0xA3, 0x8B, 0x42, 0x82, 0x88] + Array("matroska".utf8), "video/x-matroska",
                .video
            ),
            ([0, 0, 0, 20] + Array("ftypqt  ".utf8), "video/quicktime", .video),
            ([0, 0, 0, 20] + Array("ftypM4A ".utf8), "audio/mp4", .audio),
            (Array("RIFF....AVI ".utf8), "video/x-msvideo", .video),
            (Array("RIFF....????".utf8), "application/octet-stream", .file),
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
