/// A UUID (RFC 9562), written in lower case with hyphens.
public struct UUID: Sendable, Hashable, CustomStringConvertible {
    /// Sixteen, in the order written.
    public let bytes: [UInt8]

    /// Lower case and hyphenated only, so that an id has one spelling; nil for anything else.
    public init?(_ text: String) {
        let characters = Array(text.utf8)
        guard characters.count == 36,
            characters.indices.allSatisfy({
                (characters[$0] == UInt8(ascii: "-")) == Self.hyphens.contains($0)
            }),
            !characters.contains(where: { UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0 }),
            let bytes = Hex.decode(
                String(decoding: characters.filter { $0 != UInt8(ascii: "-") }, as: UTF8.self))
        else { return nil }
        self.bytes = bytes
    }

    /// Of its bytes; nil unless there are sixteen.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Sixteen bytes of which version and variant are set over.
    init(_ bytes: [UInt8], version: UInt8) {
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0F | version << 4
        bytes[8] = bytes[8] & 0x3F | 0x80
        self.bytes = bytes
    }

    /// Version 4: random.
    public static func v4() -> UUID { UUID(SecureRandom.bytes(16), version: 4) }

    /// Version 7: sorts by time. Monotonic within a process even inside one millisecond, or when the clock is set back.
    /// - Parameter milliseconds: since 1970.
    public static func v7(milliseconds: Int64) -> UUID {
        TimeOrderedIDs.shared.next(milliseconds: milliseconds)
    }

    /// Version 8 from the first bytes of a SHA-256 over length-prefixed `parts`: the same parts give the same id.
    public static func derived(from parts: [String]) -> UUID {
        var digest = SHA256()
        for part in parts {
            let text = Array(part.utf8)
            digest.update((0..<8).reversed().map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) })
            digest.update(text)
        }
        return UUID(Array(digest.finalize().prefix(16)), version: 8)
    }

    /// `018f6b2e-7c1a-7000-8000-0123456789ab`
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for byte in bytes {
            if Self.hyphens.contains(text.count) { text.append(UInt8(ascii: "-")) }
            text.append(Hex.digit(byte >> 4))
            text.append(Hex.digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let hyphens = [8, 13, 18, 23]
}
