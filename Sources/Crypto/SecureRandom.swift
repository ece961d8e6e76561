internal import COpenSSL

/// Randomness that nobody can foretell.
public enum SecureRandom {
    /// From OpenSSL's CSPRNG; ends the process when the system has no randomness.
    public static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            guard unsafe RAND_bytes(buffer.baseAddress, Int32(clamping: count)) == 1 else {
                fatalError("the system has no randomness")
            }
            written = count
        }
    }
}
