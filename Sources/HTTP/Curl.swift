internal import CCurl
import Crypto

/// The HTTP library that the program is linked with.
public enum Curl {
    /// Its own version, such as `7.88.1`.
    public static var version: String { unsafe text(information.pointee.version) ?? "" }

    /// Of c-ares, which resolves names in the packaged program; nil where libcurl uses the system's resolver.
    public static var resolverVersion: String? { unsafe text(information.pointee.ares) }

    /// libcurl's global state, made once, before the first of its handles; `curl_global_init` is thread-safe in 7.84 and later.
    static func initialize() {
        precondition(globalStatus == CURLE_OK, "libcurl could not be initialised")
    }

    private static let globalStatus = {
        OpenSSLErrorTexts.putOff()
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    }()

    /// c-ares came with the second form of the structure.
    private static var information: UnsafeMutablePointer<curl_version_info_data> {
        unsafe curl_version_info(CURLVERSION_SECOND)
    }

    private static func text(_ bytes: UnsafePointer<CChar>?) -> String? {
        unsafe bytes.map { unsafe String(cString: $0) }
    }
}
