// Every function is OpenSSL's libcrypto underneath. Split into one noun a file when implemented.

/// A digest of bytes that arrive in pieces.
public struct SHA256: ~Copyable {
    public init() { fatalError("stub") }
    public mutating func update(_ bytes: borrowing [UInt8]) { fatalError("stub") }
    public consuming func finalize() -> [UInt8] { fatalError("stub") }
    public static func hash(_ bytes: [UInt8]) -> [UInt8] { fatalError("stub") }
}
public enum HMAC {
    public static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] { fatalError("stub") }
}
public enum SecureRandom {
    /// From OpenSSL's CSPRNG; ends the process when the system has no randomness.
    public static func bytes(_ count: Int) -> [UInt8] { fatalError("stub") }
}
/// Takes the same time wherever the bytes differ; false at once when the lengths differ.
public func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { fatalError("stub") }
public enum Hex {
    /// Lower case.
    public static func encode(_ bytes: [UInt8]) -> String { fatalError("stub") }
    public static func decode(_ text: String) -> [UInt8]? { fatalError("stub") }
}
public enum Base64 {
    public static func encode(_ bytes: [UInt8]) -> String { fatalError("stub") }
    /// Strict RFC 4648: padding required, no white space, no stray bits; nil otherwise.
    public static func decode(_ text: String) -> [UInt8]? { fatalError("stub") }
    /// base64url without padding.
    public static func encodeURL(_ bytes: [UInt8]) -> String { fatalError("stub") }
    public static func decodeURL(_ text: String) -> [UInt8]? { fatalError("stub") }
}
/// A UUID (RFC 9562), written in lower case with hyphens.
public struct UUID: Sendable, Hashable, CustomStringConvertible {
    public let bytes: [UInt8]
    /// Lowercase hyphenated only; nil for anything else.
    public init?(_ text: String) { fatalError("stub") }
    /// Version 7: sorts by time. Monotonic within a process even inside one millisecond.
    public static func v7(milliseconds: Int64) -> UUID { fatalError("stub") }
    public static func v4() -> UUID { fatalError("stub") }
    /// Version 8 from the first bytes of a SHA-256 over length-prefixed `parts`: the same parts give the same id.
    public static func derived(from parts: [String]) -> UUID { fatalError("stub") }
    public var description: String { fatalError("stub") }
}
