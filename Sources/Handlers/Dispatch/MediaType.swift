/// What bytes are, by their own look: a worker's file name proves nothing.
struct MediaType: Sendable, Hashable {
    let contentType: String
    let fileExtension: String
    let kind: Job.Output.Kind
    /// Of a picture, when its header tells.
    var width: Int?
    var height: Int?

    /// How many bytes a picture's size is looked for in; JPEG puts it behind its metadata.
    static let headLength = 256 << 10

    /// Reads the beginning of a file.
    init(sniffing head: [UInt8]) {
        let reader = HeaderReader(head)
        if reader.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self.init("image/png", "png", .image, size: (reader.big32(16), reader.big32(20)))
        } else if reader.starts(with: [0xFF, 0xD8, 0xFF]) {
            self.init("image/jpeg", "jpg", .image, size: reader.jpegSize())
        } else if reader.has("GIF8", at: 0) {
            self.init("image/gif", "gif", .image, size: (reader.little16(6), reader.little16(8)))
        } else if reader.has("RIFF", at: 0), reader.has("WEBP", at: 8) {
            self.init("image/webp", "webp", .image, size: reader.webpSize())
        } else if reader.has("RIFF", at: 0), reader.has("WAVE", at: 8) {
            self.init("audio/wav", "wav", .audio)
        } else if reader.has("ftyp", at: 4) {
            let isAVIF = reader.has("avif", at: 8) || reader.has("avis", at: 8)
            let isAudio = reader.has("M4A ", at: 8)
            self =
                isAVIF
                ? .init("image/avif", "avif", .image)
                : isAudio ? .init("audio/mp4", "m4a", .audio) : .init("video/mp4", "mp4", .video)
        } else if reader.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
            self.init("video/webm", "webm", .video)
        } else if reader.has("fLaC", at: 0) {
            self.init("audio/flac", "flac", .audio)
        } else if reader.has("OggS", at: 0) {
            self.init("audio/ogg", "ogg", .audio)
        } else if reader.has("ID3", at: 0) || reader.isMPEGAudioFrame {
            self.init("audio/mpeg", "mp3", .audio)
        } else if reader.isText {
            self.init("text/plain; charset=utf-8", "txt", .text)
        } else {
            self.init("application/octet-stream", "bin", .file)
        }
    }

    private init(
        _ contentType: String, _ fileExtension: String, _ kind: Job.Output.Kind,
        size: (width: Int?, height: Int?)? = nil
    ) {
        self.contentType = contentType
        self.fileExtension = fileExtension
        self.kind = kind
        width = size?.width
        height = size?.height
    }
}

/// Bounded reads of a file's beginning; nil past its end.
private struct HeaderReader {
    private let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func starts(with prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }

    func has(_ text: String, at offset: Int) -> Bool {
        bytes.count >= offset + text.utf8.count && bytes[offset...].starts(with: text.utf8)
    }

    func byte(_ offset: Int) -> Int? {
        bytes.indices.contains(offset) ? Int(bytes[offset]) : nil
    }

    func big16(_ offset: Int) -> Int? {
        guard let a = byte(offset), let b = byte(offset + 1) else { return nil }
        return a << 8 | b
    }

    func big32(_ offset: Int) -> Int? {
        guard let a = big16(offset), let b = big16(offset + 2) else { return nil }
        return a << 16 | b
    }

    func little16(_ offset: Int) -> Int? {
        guard let a = byte(offset), let b = byte(offset + 1) else { return nil }
        return b << 8 | a
    }

    func little24(_ offset: Int) -> Int? {
        guard let low = little16(offset), let high = byte(offset + 2) else { return nil }
        return high << 16 | low
    }

    /// ISO/IEC 10918-1: segments of marker, length, content; the frame header (SOFn) has height and width.
    func jpegSize() -> (Int?, Int?)? {
        var offset = 2
        while let marker = big16(offset), marker >> 8 == 0xFF, let length = big16(offset + 2) {
            let isFrame = (0xFFC0...0xFFCF).contains(marker) && ![0xFFC4, 0xFFC8, 0xFFCC].contains(marker)
            if isFrame { return (big16(offset + 7), big16(offset + 5)) }
            offset += 2 + max(2, length)
        }
        return nil
    }

    /// RFC 9649: the simple lossy, the lossless and the extended form keep the size in three different ways.
    func webpSize() -> (Int?, Int?)? {
        if has("VP8X", at: 12) {
            return (little24(24).map { $0 + 1 }, little24(27).map { $0 + 1 })
        }
        if has("VP8L", at: 12), let low = little16(21), let high = little16(23) {
            let bits = high << 16 | low
            return (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
        }
        if has("VP8 ", at: 12) {
            return (little16(26).map { $0 & 0x3FFF }, little16(28).map { $0 & 0x3FFF })
        }
        return nil
    }

    /// An MPEG audio frame header without an ID3 tag: eleven set bits, layer III.
    var isMPEGAudioFrame: Bool {
        guard let first = byte(0), let second = byte(1) else { return false }
        return first == 0xFF && second & 0xE6 == 0xE2
    }

    /// UTF-8 without control characters; the head may end in the middle of a character.
    var isText: Bool {
        guard !bytes.isEmpty, !bytes.contains(where: { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) })
        else { return false }
        return (0...3).contains { cut in
            cut < bytes.count && String(validating: bytes.dropLast(cut), as: UTF8.self) != nil
        }
    }
}
