import Crypto

/// Small pictures as Pillow writes them.
enum SamplePicture {
    /// 24 by 16 pixels.
    static let png = bytes(
        "iVBORw0KGgoAAAANSUhEUgAAABgAAAAQCAIAAACDRijCAAAAHElEQVR4nGM8IRfFQA3ARBVTRg0aNWjUoBFsEAD/yQFgb2U62gAAAABJRU5ErkJggg=="
    )
    /// 24 by 16 pixels.
    static let webp = bytes("UklGRh4AAABXRUJQVlA4TBEAAAAvF8ADAAdQjyJXq/+BiOh/AAA=")
    static let gif = bytes("R0lGODdhCAAIAIEAAAECAwAAAAAAAAAAACwAAAAACAAIAAAIDwABCBxIsKDBgwgTKkwYEAA7")
    /// Of two frames.
    static let animatedPNG = bytes(
        "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAACGFjVEwAAAACAAAAAPONk3AAAAAaZmNUTAAAAAAAAAAIAAAACAAAAAAAAAAAAAAAAQAAw3t8MwAAABRJREFUeJxjZGRiZsAGmLCKDloJAAuqABZIVDjnAAAAGmZjVEwAAAABAAAACAAAAAgAAAAAAAAAAAAAAAEAAFgIlucAAAAYZmRBVAAAAAJ4nGPkZGJmwAaYsIoOWgkAEeIAHmCU4KgAAAAASUVORK5CYII="
    )
    /// Of two frames.
    static let animatedWebP = bytes(
        "UklGRqYAAABXRUJQVlA4WAoAAAACAAAABwAABwAAQU5JTQYAAAAAAAAAAABBTk1GMAAAAAAAAAAAAAcAAAcAAAAAAAJWUDggGAAAADABAJ0BKggACAABQCYlpAADcAD+/SBQAEFOTUZCAAAAAAAAAAAABwAABwAAAAAAAFZQOCAqAAAANAEAnQEqCAAIAAAAJiWgAANwAP77Gcv/iLp7wCGf//npn/3L/9beoAAA"
    )
    /// The beginning of a JPEG of 24 by 16 pixels: JFIF's segment, the frame's header, the scan's.
    static let jpeg: [UInt8] = jpegStart + jpegFrame(width: 24, height: 16) + jpegScan
    static let jpegStart: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0, 0]
    static let jpegScan: [UInt8] = [0xFF, 0xDA, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]

    static func jpegFrame(width: UInt8, height: UInt8) -> [UInt8] {
        [0xFF, 0xC0, 0, 17, 8, 0, height, 0, width, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]
    }

    /// A PNG's chunk; nobody here looks at its checksum.
    static func pngChunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        [0, 0, 0, UInt8(content.count)] + Array(type.utf8) + content + [0, 0, 0, 0]
    }

    private static func bytes(_ text: String) -> [UInt8] { Base64.decode(text) ?? [] }

    /// A workflow that loads a picture and saves it.
    static func workflow(_ image: String) -> String {
        #"{"1":{"class_type":"LoadImage","inputs":{"image":"\#(image)"}},"#
            + #""2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"t"}}}"#
    }
}
