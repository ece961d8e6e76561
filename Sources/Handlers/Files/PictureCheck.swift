/// Whether bytes are a picture that a workflow may load: one of three formats, a size that is known and allowed, and no animation,
/// of which LoadImage makes as many pictures as it has frames.
struct PictureCheck: Sendable {
    /// What they are, by their own look.
    let type: MediaType
    let width: Int
    let height: Int

    /// What may be uploaded.
    enum Format: String, Sendable, CaseIterable {
        case png = "image/png"
        case jpeg = "image/jpeg"
        case webp = "image/webp"

        var fileExtension: String {
            switch self {
            case .png: "png"
            case .jpeg: "jpg"
            case .webp: "webp"
            }
        }
    }

    /// Why a picture is not taken: the end of a sentence that begins with what it is about.
    struct Refusal: Error, Hashable {
        let code: String
        let reason: String
    }

    /// Reads a picture's first `MediaType.headLength` bytes, or all of them.
    init(head: [UInt8], maximumPixels: Int) throws(Refusal) {
        type = MediaType(sniffing: head)
        guard let format = Format(rawValue: type.contentType) else {
            throw Refusal(code: "not_a_picture", reason: "is no PNG, JPEG or WebP")
        }
        let reader = HeaderReader(head)
        guard let width = type.width, let height = type.height, Self.tellsOneSize(format, reader) else {
            throw Refusal(code: "not_a_picture", reason: "does not tell its size where a picture does")
        }
        guard width.multipliedReportingOverflow(by: height).partialValue <= maximumPixels,
            !width.multipliedReportingOverflow(by: height).overflow
        else {
            throw Refusal(
                code: "too_many_pixels",
                reason: "has \(width) × \(height) pixels; \(maximumPixels) are allowed")
        }
        guard !Self.isAnimated(format, reader) else {
            throw Refusal(code: "animated", reason: "is an animation, or does not tell")
        }
        self.width = width
        self.height = height
    }

    /// Whether the size that was read is the one that a decoder will find. Pillow, which ComfyUI reads pictures with, believes
    /// the last of several headers, wherever they stand; libwebp refuses a canvas that is not its picture's.
    private static func tellsOneSize(_ format: Format, _ reader: HeaderReader) -> Bool {
        switch format {
        // https://www.w3.org/TR/png-3/#5ChunkOrdering: it comes first, and once.
        case .png: reader.big32(8) == 13 && reader.has("IHDR", at: 12) && !hasAnotherHeader(reader)
        case .jpeg: reader.hasOneJPEGFrame
        case .webp: true
        }
    }

    private static func hasAnotherHeader(_ reader: HeaderReader) -> Bool {
        var offset = PNGMetadataFilter.signature.count
        while let length = reader.big32(offset), length <= MediaType.headLength {
            if reader.has("IDAT", at: offset + 4) { return false }
            offset += 12 + length
            if reader.has("IHDR", at: offset + 4) { return true }
        }
        // That it is no animation is not to be seen either, and is looked for next.
        return false
    }

    private static func isAnimated(_ format: Format, _ reader: HeaderReader) -> Bool {
        switch format {
        case .jpeg: false
        // RFC 9649: the extended form has a flag for it.
        case .webp: reader.has("VP8X", at: 12) && (reader.byte(20) ?? 0xFF) & 0x02 != 0
        case .png: isAnimatedPNG(reader)
        }
    }

    /// An animation says so before the first picture's data (https://www.w3.org/TR/png-3/#acTL-chunk).
    private static func isAnimatedPNG(_ reader: HeaderReader) -> Bool {
        var offset = PNGMetadataFilter.signature.count
        while let length = reader.big32(offset), length <= MediaType.headLength {
            if reader.has("IDAT", at: offset + 4) { return false }
            if reader.has("acTL", at: offset + 4) { return true }
            offset += 12 + length
        }
        // What comes that late is not looked for.
        return true
    }
}
