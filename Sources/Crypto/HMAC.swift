internal import COpenSSL

/// Keyed message authentication (RFC 2104).
public enum HMAC {
    /// The 32 bytes of HMAC-SHA256; keys of any length.
    public static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        HMACContext(key: key).authenticate(message)
    }
}

/// One OpenSSL context of HMAC-SHA256. Freeing it wipes what it derived from the key.
@safe private struct HMACContext: ~Copyable {
    private let context: OpaquePointer

    init(key: borrowing [UInt8]) {
        guard let context = unsafe EVP_MAC_CTX_dup(HMACTemplate.sha256.context) else {
            fatalError("out of memory for an HMAC")
        }
        unsafe self.context = context
        // An empty key must still be one: a null pointer would keep the template's.
        let key = key.isEmpty ? [0] : copy key
        unsafe key.span.withUnsafeBytes { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard unsafe EVP_MAC_init(context, start, buffer.count, nil) == 1 else {
                fatalError("libcrypto refused an HMAC key")
            }
        }
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }

    consuming func authenticate(_ message: borrowing [UInt8]) -> [UInt8] {
        unsafe message.span.withUnsafeBytes { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            _ = unsafe EVP_MAC_update(context, start, buffer.count)
        }
        let size = DigestAlgorithm.sha256.size
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            guard unsafe EVP_MAC_final(context, buffer.baseAddress, &count, size) == 1 else {
                fatalError("libcrypto could not finish an HMAC")
            }
        }
    }
}

/// A context that has its algorithm and a key of zeros, to be duplicated: setting the digest by name costs more than
/// hashing a short message.
///
/// Unchecked: it is only read after `init`, and never freed.
@safe private struct HMACTemplate: @unchecked Sendable {
    let context: OpaquePointer

    static let sha256 = HMACTemplate(digest: "SHA2-256")

    private init(digest: StaticString) {
        guard let algorithm = unsafe EVP_MAC_fetch(nil, "HMAC", nil),
            let context = unsafe EVP_MAC_CTX_new(algorithm)
        else { fatalError("libcrypto has no HMAC") }
        guard unsafe comfy_openssl_mac_init(context, [0], 1, digest.description) == 1 else {
            fatalError("libcrypto has no HMAC with \(digest)")
        }
        unsafe self.context = context
    }
}
