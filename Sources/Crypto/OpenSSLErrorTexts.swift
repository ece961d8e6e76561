internal import COpenSSL

/// The tables with which OpenSSL turns its error codes into words.
///
/// OpenSSL fills them at the first look at its errors, which libcurl takes when it is initialised: a sixth of the
/// instructions of a start, for texts that nothing shows before a TLS connection fails. So they are put off to the first
/// use of TLS (`OPENSSL_init_crypto(3)`: what is asked not to be loaded first is not loaded later by itself either).
public enum OpenSSLErrorTexts {
    /// Called before anything else uses OpenSSL; later it has no effect.
    public static func putOff() {
        _ = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS), nil)
    }

    /// Called before TLS is used. TLS's own texts OpenSSL loads with the first context; these are of what it stands on.
    public static func load() { loaded }

    private static let loaded: Void = comfy_openssl_load_error_texts()
}
