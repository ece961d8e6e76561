import Crypto
import JSON

/// The opaque text with which a client asks for the next page: the last id seen, in a form that is nobody's business.
enum ListCursor {
    private static let version: UInt8 = 1

    static func encode(_ id: UUID) -> String { Base64.encodeURL([version] + id.bytes) }

    /// nil for what is no cursor of ours.
    static func decode(_ text: String) -> UUID? {
        guard text.utf8.count == 23, let bytes = Base64.decodeURL(text), bytes.count == 17,
            bytes[0] == version
        else { return nil }
        return UUID(bytes: Array(bytes.dropFirst()))
    }
}

extension FieldType where Value == UUID? {
    static let cursor = Self(
        blank: nil, schema: ["type": "string", "pattern": "^A[Q-Za-f][A-Za-z0-9_-]{20}[AEIMQUYcgkosw048]$"]
    ) { json throws(Refusal) in
        guard let id = json.string.flatMap(ListCursor.decode) else {
            throw Refusal(.malformed, "must be the next_cursor of an earlier answer")
        }
        return id
    }
}
