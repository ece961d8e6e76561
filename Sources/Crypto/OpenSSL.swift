internal import COpenSSL

/// The cryptographic library that the program is linked with.
public enum OpenSSL {
    /// Its own version, such as `3.0.17`.
    public static var version: String { unsafe String(cString: OpenSSL_version(OPENSSL_VERSION_STRING)) }
}
