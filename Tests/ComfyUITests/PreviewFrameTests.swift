import TestSupport
import Testing

@testable import ComfyUI

@Suite struct PreviewFrameTests {
    @Test func aRecordedPictureBehindItsFormat() throws {
        let bytes = try Fixtures.bytes("comfyui/preview-frame-type1.bin")
        let frame = try #require(PreviewFrame(frame: bytes))
        #expect(frame.image.count == 4727)
        #expect(frame.image.starts(with: [0xFF, 0xD8, 0xFF]))
        #expect(frame.nodeID == nil)
        #expect(frame.promptID == nil)
    }

    @Test func aRecordedPictureBehindWhatDescribesIt() throws {
        let bytes = try Fixtures.bytes("comfyui/preview-frame-type4.bin")
        let frame = try #require(PreviewFrame(frame: bytes))
        #expect(frame.image.count == 4727)
        #expect(frame.image.starts(with: [0xFF, 0xD8, 0xFF]))
        #expect(frame.nodeID == "3")
        #expect(frame.promptID == "68590ac3-1ff5-48a8-ae12-e4036df50df2")
    }

    @Test func aNodeInsideOneThatExpandedIsShownAsThatOne() throws {
        let metadata = #"{"node_id":"3.0.0.2","display_node_id":"3","prompt_id":"p"}"#
        #expect(PreviewFrame(frame: Self.described(metadata, [1]))?.nodeID == "3")
        #expect(PreviewFrame(frame: Self.described(#"{"node_id":"7"}"#, [1]))?.nodeID == "7")
        #expect(PreviewFrame(frame: Self.described(#"{"node_id":7}"#, [1]))?.nodeID == nil)
    }

    private static func big(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func described(_ metadata: String, _ image: [UInt8]) -> [UInt8] {
        big(4) + big(UInt32(metadata.utf8.count)) + Array(metadata.utf8) + image
    }

    /// The name of each says what is wrong with it.
    private static let hostile: [(String, [UInt8])] = [
        ("empty", []),
        ("half a number", [0, 0, 0]),
        ("one number", big(1)),
        ("no picture", big(1) + big(1)),
        ("text", big(3) + big(1) + [65]),
        ("an unknown kind", big(2) + big(1) + [0xFF, 0xD8, 0xFF]),
        ("a large kind", big(.max) + big(1) + [1]),
        ("a length past the end", big(4) + big(100) + Array("{}".utf8)),
        ("the largest length", big(4) + big(.max) + Array("{}".utf8)),
        ("no picture behind its description", described("{}", [])),
        ("a description that is none", described("{", [1])),
        ("a description that is no object", described("[]", [1])),
        ("a description that is no text", big(4) + big(2) + [0xFF, 0xFE] + [1]),
        ("a description too deep", described(String(repeating: "[", count: 10_000), [1])),
        (
            "a description too long",
            described(#"{"node_id":"\#(String(repeating: "a", count: 20_000))"}"#, [1])
        ),
        ("a picture too large", big(1) + big(1) + [UInt8](repeating: 0xFF, count: (1 << 20) + 1)),
    ]

    @Test(arguments: hostile.map(\.0)) func whatIsNoPreviewIsNone(_ name: String) throws {
        let frame = try #require(Self.hostile.first { $0.0 == name }).1
        #expect(PreviewFrame(frame: frame) == nil)
    }

    @Test func thePictureMayBeAsLargeAsTheLimit() {
        let image = [UInt8](repeating: 0xFF, count: 1 << 20)
        #expect(PreviewFrame(frame: Self.big(1) + Self.big(2) + image)?.image.count == 1 << 20)
    }
}
