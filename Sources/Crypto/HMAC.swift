internal import COpenSSL

/// Keyed message authentication (RFC 2104).
public enum HMAC {
    /// The 32 bytes of HMAC-SHA256; keys of any length. For many messages under one key see `HMACKey`.
    public static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var context = HMACContext(key: key.span)
        return context.withCode(of: message.span) { code in code.indices.map { code[$0] } }
    }
}

/// One OpenSSL context of HMAC-SHA256 with its key. Freeing it wipes what it derived from the key.
///
/// Unchecked: it has one owner at a time, and OpenSSL binds no context to a thread.
@safe struct HMACContext: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer

    init(key: Span<UInt8>) {
        guard let context = unsafe EVP_MAC_CTX_dup(HMACTemplate.sha256.context) else {
            fatalError("out of memory for an HMAC")
        }
        unsafe self.context = context
        unsafe key.withUnsafeBytes { buffer in
            // An empty key must still be one: a null pointer would keep the template's.
            var zero: UInt8 = 0
            let status =
                if let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) {
                    unsafe EVP_MAC_init(context, start, buffer.count, nil)
                } else {
                    unsafe EVP_MAC_init(context, &zero, 1, nil)
                }
            guard status == 1 else { fatalError("libcrypto refused an HMAC key") }
        }
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }

    /// Lends the 32 bytes of the message's code, and wipes them after. May be used again: the key stays.
    mutating func withCode<Result: ~Copyable>(
        of message: Span<UInt8>, _ body: (Span<UInt8>) -> Result
    ) -> Result {
        let size = DigestAlgorithm.sha256.size
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { code in
            defer { unsafe OPENSSL_cleanse(code.baseAddress, size) }
            var written = 0
            let status = unsafe message.withUnsafeBytes { buffer in
                let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
                return unsafe EVP_MAC_init(context, nil, 0, nil) == 1
                    && EVP_MAC_update(context, start, buffer.count) == 1
                    && EVP_MAC_final(context, code.baseAddress, &written, size) == 1
            }
            guard status, written == size else { fatalError("libcrypto could not finish an HMAC") }
            return body(unsafe UnsafeBufferPointer(code).span)
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
