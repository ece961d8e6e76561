internal import COpenSSL

/// A digest fetched from OpenSSL's provider once: `EVP_sha256()` would be looked up again by every use.
///
/// Unchecked: an `EVP_MD` is immutable after its fetch and counted atomically (OpenSSL's EVP_MD_fetch(3)), and this one is never freed.
@safe struct DigestAlgorithm: @unchecked Sendable {
    let pointer: OpaquePointer
    /// Bytes of the digest.
    let size: Int

    static let sha256 = DigestAlgorithm("SHA2-256")

    private init(_ name: StaticString) {
        guard let pointer = unsafe EVP_MD_fetch(nil, name.description, nil) else {
            fatalError("libcrypto has no \(name)")
        }
        unsafe self.pointer = pointer
        unsafe size = Int(EVP_MD_get_size(pointer))
    }
}
