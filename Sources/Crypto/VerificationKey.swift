internal import COpenSSL

/// A public key that verifies signatures, RSA or ECDSA on P-256, as web tokens carry them (RFC 7518 §3.3, §3.4).
/// The key alone says which of the two: nothing that a signer writes can make it another's.
///
/// Unchecked: OpenSSL's key is only read after `init`, which it allows from any thread.
@safe public final class VerificationKey: @unchecked Sendable {
    /// How signatures are made, always over SHA-256.
    public enum Scheme: Sendable, Hashable {
        /// RSASSA-PKCS1-v1_5; a signature has as many bytes as the key.
        case rsa
        /// ECDSA on P-256; a signature is r and s, 32 bytes each.
        case p256
    }

    /// Which of the two it is.
    public let scheme: Scheme
    private let key: OpaquePointer

    /// The first `BEGIN PUBLIC KEY` of a PEM text; nil when there is none, or it is of no kind known here.
    public convenience init?(pem: [UInt8]) {
        let key = unsafe pem.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let memory = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer { unsafe _ = BIO_free(memory) }
            return unsafe PEM_read_bio_PUBKEY(memory, nil, nil, nil)
        }
        unsafe self.init(takingOwnership: key)
    }

    /// An RSA key by its numbers, big-endian.
    public convenience init?(modulus: [UInt8], exponent: [UInt8]) {
        let numbers = DER.sequence([DER.integer(modulus), DER.integer(exponent)])
        self.init(der: DER.sequence([DER.rsaEncryption, DER.bitString(numbers)]))
    }

    /// A point of P-256 by its coordinates, 32 bytes each; nil when it is not on the curve.
    public convenience init?(x: [UInt8], y: [UInt8]) {
        guard x.count == 32, y.count == 32 else { return nil }
        self.init(der: DER.sequence([DER.p256, DER.bitString([4] + x + y)]))
    }

    /// A `SubjectPublicKeyInfo` (RFC 5280 §4.1).
    private convenience init?(der: [UInt8]) {
        let key = unsafe der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return unsafe d2i_PUBKEY(nil, &start, bytes.count)
        }
        unsafe self.init(takingOwnership: key)
    }

    private init?(takingOwnership key: OpaquePointer?) {
        // What could not be read has left its reasons in this thread's queue.
        ERR_clear_error()
        guard let key = unsafe key else { return nil }
        guard let scheme = unsafe Self.scheme(of: key) else {
            unsafe EVP_PKEY_free(key)
            return nil
        }
        unsafe self.key = key
        self.scheme = scheme
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Under 2,048 bits RSA is too weak, and over 8,192 a signature takes too long to verify for who chose neither.
    private static func scheme(of key: OpaquePointer) -> Scheme? {
        switch unsafe EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA:
            return unsafe (2048...8192).contains(EVP_PKEY_get_bits(key)) ? .rsa : nil
        case EVP_PKEY_EC:
            var name = [CChar](repeating: 0, count: 32)
            var length = 0
            guard unsafe EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return nil }
            let text = String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return text == "prime256v1" ? .p256 : nil
        default: return nil
        }
    }

    /// Whether the key's owner made `signature` of `message`.
    public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        var signature = signature
        if scheme == .p256 {
            guard signature.count == 64 else { return false }
            signature = DER.sequence([
                DER.integer(Array(signature[..<32])), DER.integer(Array(signature[32...])),
            ])
        }
        guard let context = unsafe EVP_MD_CTX_new() else { fatalError("out of memory for a digest") }
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        guard unsafe EVP_DigestVerifyInit(context, nil, DigestAlgorithm.sha256.pointer, nil, key) == 1 else {
            return false
        }
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

/// As much of DER (X.690) as a public key and an ECDSA signature need.
private enum DER {
    /// `AlgorithmIdentifier` of RSA: 1.2.840.113549.1.1.1 and NULL.
    static let rsaEncryption: [UInt8] = [
        0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]
    /// `AlgorithmIdentifier` of an EC key on P-256: 1.2.840.10045.2.1 and 1.2.840.10045.3.1.7.
    static let p256: [UInt8] = [
        0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE,
        0x3D, 0x03, 0x01, 0x07,
    ]

    static func sequence(_ parts: [[UInt8]]) -> [UInt8] { tagged(0x30, Array(parts.joined())) }

    static func bitString(_ bytes: [UInt8]) -> [UInt8] { tagged(0x03, [0] + bytes) }

    /// A number that is not negative, from big-endian bytes of any length.
    static func integer(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        return tagged(0x02, (digits.first ?? 0x80) >= 0x80 ? [0] + digits : digits)
    }

    private static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        if content.count < 0x80 { return [tag, UInt8(content.count)] + content }
        let length = (0..<8).reversed().map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) }
            .drop { $0 == 0 }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }
}
