internal import CCurl
import Crypto

/// Owns libcurl's form of a server's address. Given a whole address, libcurl would parse it and write it anew for every
/// request; requests to one server differ in their target only.
@safe final class AddressHandle {
    let pointer: OpaquePointer
    private var scheme = ""
    private var host = ""
    private var port: Int?

    init() {
        guard let pointer = unsafe curl_url() else { preconditionFailure("libcurl found no memory") }
        unsafe self.pointer = unsafe pointer
    }

    deinit { unsafe curl_url_cleanup(pointer) }

    /// Takes the server's part of a well-formed address. What libcurl refuses all the same fails the transfer.
    func set(_ url: URL) {
        if scheme != url.scheme {
            scheme = url.scheme
            if url.isSecure { OpenSSLErrorTexts.load() }
            unsafe curl_url_set(pointer, CURLUPART_SCHEME, scheme, 0)
        }
        if host != url.host {
            host = url.host
            unsafe curl_url_set(pointer, CURLUPART_HOST, url.bracketedHost, 0)
        }
        if port != url.port {
            port = url.port
            if let port {
                unsafe curl_url_set(pointer, CURLUPART_PORT, String(port), 0)
            } else {
                unsafe curl_url_set(pointer, CURLUPART_PORT, nil, 0)
            }
        }
    }
}
