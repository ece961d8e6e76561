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
        if reader.starts(with: PNGMetadataFilter.signature) {
            self.init("image/png", "png", .image, size: (reader.big32(16), reader.big32(20)))
        } else if reader.starts(with: [0xFF, 0xD8, 0xFF]) {
            self.init("image/jpeg", "jpg", .image, size: reader.jpegSize())
        } else if reader.has("GIF8", at: 0) {
            self.init("image/gif", "gif", .image, size: (reader.little16(6), reader.little16(8)))
        } else if reader.has("BM", at: 0), reader.has([0, 0, 0, 0], at: 6) {
            self.init("image/bmp", "bmp", .image, size: reader.bmpSize())
        } else if reader.starts(with: Array("II*".utf8) + [0]) || reader.starts(with: [0x4D, 0x4D, 0, 0x2A]) {
            self.init("image/tiff", "tif", .image, size: reader.tiffSize())
        } else if reader.has("RIFF", at: 0) {
            self = Self.riff(reader)
        } else if reader.has("ftyp", at: 4) {
            self = Self.isoMedia(reader)
        } else if reader.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) {
            // The document's type stands in the first, short element.
            let isMatroska = reader.contains("matroska", within: 64)
            self =
                isMatroska
                ? .init("video/x-matroska", "mkv", .video) : .init("video/webm", "webm", .video)
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

    private static func riff(_ reader: HeaderReader) -> MediaType {
        if reader.has("WEBP", at: 8) {
            .init("image/webp", "webp", .image, size: reader.webpSize())
        } else if reader.has("WAVE", at: 8) {
            .init("audio/wav", "wav", .audio)
        } else if reader.has("AVI ", at: 8) {
            .init("video/x-msvideo", "avi", .video)
        } else {
            .init("application/octet-stream", "bin", .file)
        }
    }

    /// ISO/IEC 14496-12: the major brand says what it is.
    private static func isoMedia(_ reader: HeaderReader) -> MediaType {
        func isBrand(_ names: String...) -> Bool { names.contains { reader.has($0, at: 8) } }
        if isBrand("avif", "avis") {
            return .init("image/avif", "avif", .image, size: reader.isoImageSize())
        } else if isBrand("heic", "heix", "mif1", "heim", "heis") {
            return .init("image/heic", "heic", .image, size: reader.isoImageSize())
        } else if isBrand("M4A ", "M4B ") {
            return .init("audio/mp4", "m4a", .audio)
        } else if isBrand("qt  ") {
            return .init("video/quicktime", "mov", .video)
        }
        return .init("video/mp4", "mp4", .video)
    }

    private init(
        _ contentType: String, _ fileExtension: String, _ kind: Job.Output.Kind,
        size: (width: Int?, height: Int?)? = nil
    ) {
        self.contentType = contentType
        self.fileExtension = fileExtension
        self.kind = kind
        // Half a size, or one that no picture has, is none.
        guard let width = size?.width, let height = size?.height, (1...Self.maximumSide).contains(width),
            (1...Self.maximumSide).contains(height)
        else { return }
        self.width = width
        self.height = height
    }

    /// PNG's; no format has more.
    static let maximumSide = Int(Int32.max)
}
