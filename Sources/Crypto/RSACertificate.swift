internal import COpenSSL
import Glibc

/// An X.509 certificate with an RSA key, for verifying what its owner signed (PKCS #1 v1.5, RFC 8017 §8.2). Who issued
/// it is not looked at: that is for whoever says where it came from.
///
/// Unchecked: OpenSSL's certificate is only read after `init`, and its key is counted atomically.
@safe public final class RSACertificate: @unchecked Sendable {
    /// What a signature's digest was made with.
    public enum Digest: Sendable {
        /// Only where a protocol still asks for it.
        case sha1
        /// SHA-256.
        case sha256
    }

    private let certificate: OpaquePointer
    private let key: OpaquePointer

    /// The first certificate of a PEM text (RFC 7468); nil when there is none, or its key is not RSA of 2,048 bits at
    /// least.
    public init?(pem: [UInt8]) {
        guard let count = Int32(exactly: pem.count),
            let certificate = unsafe pem.withUnsafeBytes({ bytes -> OpaquePointer? in
                guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, count) else { return nil }
                defer { unsafe BIO_free(source) }
                return unsafe PEM_read_bio_X509(source, nil, nil, nil)
            })
        else {
            ERR_clear_error()
            return nil
        }
        guard let key = unsafe X509_get0_pubkey(certificate),
            unsafe EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA,
            unsafe EVP_PKEY_get_bits(key) >= 2048
        else {
            unsafe X509_free(certificate)
            ERR_clear_error()
            return nil
        }
        unsafe self.certificate = certificate
        unsafe self.key = key
    }

    deinit { unsafe X509_free(certificate) }

    /// Whether the moment, in seconds since 1970, lies within its dates.
    public func isValid(at seconds: Int64) -> Bool {
        var time = time_t(seconds)
        return unsafe X509_cmp_time(X509_get0_notBefore(certificate), &time) < 0
            && X509_cmp_time(X509_get0_notAfter(certificate), &time) > 0
    }

    /// Whether its key made `signature` of `message`.
    public func verifies(_ signature: [UInt8], of message: [UInt8], _ digest: Digest) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { fatalError("out of memory for a digest") }
        defer {
            unsafe EVP_MD_CTX_free(context)
            // A signature that does not hold leaves its reasons in the queue of this thread.
            ERR_clear_error()
        }
        let algorithm =
            switch digest {
            case .sha1: unsafe EVP_sha1()
            case .sha256: unsafe EVP_sha256()
            }
        guard unsafe EVP_DigestVerifyInit(context, nil, algorithm, nil, key) == 1 else { return false }
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
