internal import COpenSSL

/// An RSA key that signs (RFC 8017 §8.2, RSASSA-PKCS1-v1_5). OpenSSL wipes the key when it is freed.
///
/// Unchecked: a key is only read after `init`, which OpenSSL allows from any thread.
@safe public final class RSAPrivateKey: @unchecked Sendable {
    /// What the message is digested with.
    public enum Digest: Sendable, Hashable {
        /// For CloudFront, which takes no other. Broken where an attacker chooses what is signed.
        case sha1
        /// For everything else.
        case sha256
    }

    /// Why there is no key. Says nothing of the key's bytes.
    public enum Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        /// No PEM block with a private key, or one under a passphrase.
        case noPrivateKey
        /// Another kind of key, or an RSA key under 2,048 bits.
        case unsuitable

        /// One sentence.
        public var description: String {
            switch self {
            case .noPrivateKey: "the text is no PEM of a private key without a passphrase"
            case .unsuitable: "the key is no RSA key of at least 2,048 bits"
            }
        }
    }

    private let key: OpaquePointer

    /// From PEM, PKCS #1 (`BEGIN RSA PRIVATE KEY`) or PKCS #8 (`BEGIN PRIVATE KEY`).
    public init(pem: Secret) throws(Invalid) {
        let key = unsafe pem.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { buffer -> OpaquePointer? in
                guard let memory = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count))
                else { return nil }
                defer { unsafe _ = BIO_free(memory) }
                // The callback stands for OpenSSL's own, which would ask at the terminal.
                return unsafe PEM_read_bio_PrivateKey(memory, nil, { _, _, _, _ in -1 }, nil)
            }
        }
        ERR_clear_error()
        guard let key = unsafe key else { throw .noPrivateKey }
        unsafe self.key = key
        guard unsafe EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, unsafe EVP_PKEY_get_bits(key) >= 2048 else {
            throw .unsuitable
        }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The signature, as many bytes as the key has.
    public func sign(_ message: [UInt8], _ digest: Digest) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { fatalError("out of memory for a signature") }
        defer { unsafe EVP_MD_CTX_free(context) }
        let algorithm = unsafe digest == .sha1 ? EVP_sha1() : EVP_sha256()
        guard unsafe EVP_DigestSignInit(context, nil, algorithm, nil, key) == 1 else {
            fatalError("libcrypto refused an RSA key")
        }
        let size = unsafe Int(EVP_PKEY_get_size(key))
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = size
            guard unsafe EVP_DigestSign(context, buffer.baseAddress, &count, message, message.count) == 1
            else { fatalError("libcrypto could not sign") }
        }
    }
}
