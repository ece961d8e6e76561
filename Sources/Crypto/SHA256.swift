internal import COpenSSL

/// A SHA-256 digest (FIPS 180-4) of bytes that arrive in pieces.
@safe public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// The digest of nothing yet.
    public init() {
        guard let context = unsafe EVP_MD_CTX_new(),
            unsafe EVP_DigestInit_ex2(context, DigestAlgorithm.sha256.pointer, nil) == 1
        else { fatalError("out of memory for a digest") }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Adds bytes to what is digested.
    public mutating func update(_ bytes: borrowing [UInt8]) {
        unsafe bytes.span.withUnsafeBytes { buffer in
            // Fails only without an algorithm, which `init` has set.
            _ = unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
        }
    }

    /// The 32 bytes of the digest.
    public consuming func finalize() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: DigestAlgorithm.sha256.size) { buffer, count in
            unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            count = DigestAlgorithm.sha256.size
        }
    }

    /// The 32 bytes of the digest of `bytes`.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var digest = SHA256()
        digest.update(bytes)
        return digest.finalize()
    }
}
