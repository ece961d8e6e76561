internal import COpenSSL

/// SHA-1, for the one protocol that still asks for it: the WebSocket handshake (RFC 6455 §4.2.2), where it proves that
/// the peer understood and protects nothing. Use `SHA256` for all else.
public enum SHA1 {
    /// The digest, 20 bytes.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        let status = unsafe bytes.withUnsafeBytes { input in
            unsafe digest.withUnsafeMutableBytes { output in
                unsafe EVP_Digest(
                    input.baseAddress, input.count,
                    output.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, EVP_sha1(), nil)
            }
        }
        precondition(status == 1, "libcrypto found no memory")
        return digest
    }
}
