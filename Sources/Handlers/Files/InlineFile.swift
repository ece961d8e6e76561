import Crypto
import Time

/// A picture that came inside a request, as a `data:` URI: it becomes a file when the job is made.
struct InlineFile: Sendable {
    var file: StoredFile
    let bytes: [UInt8]

    /// Decoded.
    static let maximumBytes = 5 << 19

    /// `data:image/png;base64,…` (RFC 2397). Of the type only the picture's own look counts.
    init(dataURI text: String, user: String, maximumPixels: Int, at now: Timestamp)
        throws(PictureCheck.Refusal)
    {
        // Cheaper than to decode what is too long: four characters are three bytes.
        let comma = text.utf8.firstIndex(of: UInt8(ascii: ","))
        guard let comma, text[..<comma].lowercased().hasSuffix(";base64") else {
            throw .init(code: "bad_data_uri", reason: "is no data URI in base64")
        }
        let encoded = text[text.utf8.index(after: comma)...]
        guard encoded.utf8.count / 4 * 3 <= Self.maximumBytes + 3 else {
            throw .init(code: "data_too_large", reason: "has more than \(Self.maximumBytes) bytes")
        }
        guard let bytes = Base64.decode(String(encoded)), !bytes.isEmpty else {
            throw .init(code: "bad_data_uri", reason: "is no data URI in base64")
        }
        guard bytes.count <= Self.maximumBytes else {
            throw .init(code: "data_too_large", reason: "has more than \(Self.maximumBytes) bytes")
        }
        let head = Array(bytes.prefix(MediaType.headLength))
        let picture = try PictureCheck(head: head, maximumPixels: maximumPixels)
        self.bytes = bytes
        file = StoredFile(
            id: .v7(milliseconds: now.milliseconds), user: user,
            name: "inline.\(picture.type.fileExtension)",
            contentType: picture.type.contentType, bytes: bytes.count,
            state: .ready(etag: "", width: picture.width, height: picture.height), createdAt: now,
            expiresAt: now)
    }
}
