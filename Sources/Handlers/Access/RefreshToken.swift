import Crypto

/// What a new access token is had for: `comfyr_` and, in base64url, the session, how often it was refreshed, and a code
/// over the two. So an old one is known to be a real one, and nothing of it is stored.
struct RefreshToken: Sendable, Hashable {
    let session: UUID
    let generation: Int

    private static let prefix = "comfyr_"

    init(session: UUID, generation: Int) {
        self.session = session
        self.generation = generation
    }

    private var content: [UInt8] {
        session.bytes + (0..<4).reversed().map { UInt8(truncatingIfNeeded: generation >> (8 * $0)) }
    }

    private static func code(_ content: [UInt8], _ key: HMACKey) -> [UInt8] {
        key.derived(Array("refresh token".utf8)).code(of: content)
    }

    func text(_ key: HMACKey) -> String {
        Self.prefix + Base64.encodeURL(content + Self.code(content, key))
    }

    /// nil for what none of the keys made.
    init?(_ text: String, _ keys: [HMACKey]) {
        guard text.hasPrefix(Self.prefix), text.utf8.count == 77,
            let bytes = Base64.decodeURL(String(text.dropFirst(Self.prefix.count))), bytes.count == 52
        else { return nil }
        let content = Array(bytes[..<20])
        let code = Array(bytes[20...])
        guard keys.contains(where: { constantTimeEqual(Self.code(content, $0), code) }),
            let session = UUID(bytes: Array(bytes[..<16]))
        else { return nil }
        self.session = session
        generation = bytes[16..<20].reduce(0) { $0 << 8 | Int($1) }
    }
}
