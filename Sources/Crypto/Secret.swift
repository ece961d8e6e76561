internal import COpenSSL

/// Bytes that must not outlive their use: one owner, never printed, and wiped (`OPENSSL_cleanse`) before their memory
/// is given back.
///
/// What a caller made it from (a `String` of the environment, an HTTP answer) is the caller's and is not wiped: Swift
/// gives no way to.
///
/// Unchecked: the bytes are written once, in `init`, and wiped when nobody can read them any more.
@safe public final class Secret: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer
    private let release: (UnsafeMutableRawBufferPointer) -> Void

    /// Takes a copy.
    public convenience init(_ bytes: [UInt8]) {
        unsafe self.init(bytes) { unsafe $0.deallocate() }
    }

    /// The text's UTF-8.
    public convenience init(_ text: String) { self.init(Array(text.utf8)) }

    /// `release` gets the memory after it was wiped: a test looks into it there.
    init(_ bytes: [UInt8], release: @escaping (UnsafeMutableRawBufferPointer) -> Void) {
        unsafe storage = .allocate(byteCount: bytes.count, alignment: 1)
        unsafe storage.copyBytes(from: bytes)
        unsafe self.release = release
    }

    deinit {
        unsafe OPENSSL_cleanse(storage.baseAddress, storage.count)
        unsafe release(storage)
    }

    /// How many bytes there are.
    public var count: Int { unsafe storage.count }

    /// Lends the bytes. What `body` copies out of them is its own to wipe.
    public func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe storage.assumingMemoryBound(to: UInt8.self).span)
    }
}

extension Secret: Hashable {
    /// Compares in constant time, except for the lengths.
    public static func == (a: Secret, b: Secret) -> Bool {
        unsafe a.count == b.count
            && CRYPTO_memcmp(a.storage.baseAddress, b.storage.baseAddress, a.count) == 0
    }

    /// Agrees with `==`.
    public func hash(into hasher: inout Hasher) { unsafe hasher.combine(bytes: .init(storage)) }
}

extension Secret: ExpressibleByStringLiteral, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// For tests: a literal stays in the program.
    public convenience init(stringLiteral text: String) { self.init(text) }
    /// Nothing of the bytes, not even how many.
    public var description: String { "<secret>" }
    /// As `description`.
    public var debugDescription: String { description }
    /// No children, so that `dump` shows none.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Overwrites an array that held a secret with zeros, in a way that the compiler cannot leave out, and empties it.
/// Other copies of the array are not reached.
public func wipe(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    bytes = []
}
