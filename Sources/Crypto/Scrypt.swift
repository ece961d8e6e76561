internal import COpenSSL

/// The password hash scrypt (RFC 7914): slow and large on purpose, so that guessing is too.
public enum Scrypt {
    /// What one guess costs: 128 × `n` × `r` bytes of memory, and time in proportion to `n` × `r` × `p`.
    public struct Cost: Sendable, Hashable {
        /// A power of two, over 1.
        public let n: Int
        /// Size of a block, in units of 128 bytes.
        public let r: Int
        /// How many times over.
        public let p: Int

        /// n = 2^15, r = 8, p = 1: 32 MiB.
        public static let standard = Cost(n: 1 << 15, r: 8, p: 1)

        /// For hashes that say what they were made with.
        public init(n: Int, r: Int, p: Int) {
            self.n = n
            self.r = r
            self.p = p
        }

        /// Bytes that OpenSSL may take: the algorithm's three buffers, and some for itself.
        var memory: UInt64 { 128 * UInt64(r) * (UInt64(n) + UInt64(p) + 2) + (1 << 20) }
    }

    /// `length` bytes of a key. Takes its time on the caller's thread; nil for a cost that scrypt does not know.
    public static func derive(_ password: Secret, salt: [UInt8], cost: Cost = .standard, length: Int = 32)
        -> [UInt8]?
    {
        guard cost.n > 1, cost.r > 0, cost.p > 0, cost.n <= 1 << 24, cost.r <= 64, cost.p <= 64 else {
            return nil
        }
        var key = [UInt8](repeating: 0, count: length)
        let status = password.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { buffer in
                // A null pointer would mean that there is no password at all.
                var none: CChar = 0
                return if let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self) {
                    unsafe EVP_PBE_scrypt(
                        start, buffer.count, salt, salt.count, UInt64(cost.n), UInt64(cost.r),
                        UInt64(cost.p), cost.memory, &key, length)
                } else {
                    unsafe EVP_PBE_scrypt(
                        &none, 0, salt, salt.count, UInt64(cost.n), UInt64(cost.r), UInt64(cost.p),
                        cost.memory, &key, length)
                }
            }
        }
        guard status == 1 else {
            ERR_clear_error()
            return nil
        }
        return key
    }
}
