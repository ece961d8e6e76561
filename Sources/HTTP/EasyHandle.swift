internal import CCurl
import Crypto

/// What libcurl tells about one transfer, all on the loop's thread. The buffers are libcurl's and last for the call.
protocol TransferDelegate: AnyObject {
    /// A line of the head, or of a trailer; false ends the transfer.
    func receive(headerLine: UnsafeRawBufferPointer) -> Bool
    /// A piece of the body.
    func receive(body: UnsafeRawBufferPointer) -> EasyHandle.Reception
    /// Room for a piece of the request's body.
    func fill(_ room: UnsafeMutableRawBufferPointer) -> EasyHandle.Supply
    /// The request has to be sent again, on a new connection; false when its body cannot be.
    func rewind() -> Bool
    /// Field lines that end a chunked body.
    func trailers() -> HTTPHeaders
    /// The transfer has ended. It is still in the multi handle.
    func finished(_ easy: EasyHandle, _ code: CURLcode)
    /// The loop shuts down.
    func abandoned(_ easy: EasyHandle)
}

extension TransferDelegate {
    func trailers() -> HTTPHeaders { [:] }
}

/// Owns one of libcurl's easy handles, with what is the same for all requests of a client set once.
@safe final class EasyHandle {
    /// What becomes of a received piece of body.
    enum Reception { case taken, pause, stop }
    /// What came into the room for the request's body.
    enum Supply {
        case bytes(Int)
        case pause, end, stop
    }

    let pointer: UnsafeMutableRawPointer
    /// libcurl's reason for a failure, which it writes here.
    private let errorText: UnsafeMutablePointer<CChar>
    private var headers = HeaderList()
    /// Where to connect whatever the address says; libcurl reads it while the handle is used.
    private var destination: HeaderList?
    private let address = AddressHandle()
    /// Where the multi handle keeps it; nil outside of one.
    var place: Int?
    /// Set while a transfer uses the handle.
    var delegate: (any TransferDelegate)?

    init(_ configuration: HTTPClient.Configuration, certificates: String?) {
        Curl.initialize()
        guard let pointer = unsafe curl_easy_init() else { preconditionFailure("libcurl found no memory") }
        unsafe self.pointer = unsafe pointer
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        let owner = unsafe Unmanaged.passUnretained(self).toOpaque()
        for option in [
            CURLOPT_PRIVATE, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA,
        ] {
            unsafe comfy_curl_setopt_pointer(pointer, option, owner)
        }
        unsafe comfy_curl_setopt_pointer(pointer, CURLOPT_ERRORBUFFER, errorText)
        setCallbacks()
        // Signals are process-wide; with a thread for names libcurl needs none.
        set(CURLOPT_NOSIGNAL, 1)
        // A transfer that ends while its host's name is being looked up must not wait for the resolver's thread: the
        // whole loop would.
        set(CURLOPT_QUICK_EXIT, 1)
        // The largest a single read or write moves: 100 KB arrives in one piece.
        set(CURLOPT_BUFFERSIZE, 256 << 10)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        if let certificates { set(CURLOPT_CAINFO, certificates) }
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        // One exchange a connection at a time: pausing one transfer then holds up no other.
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        // Keys of S3 may hold `/../`.
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_USERAGENT, configuration.userAgent)
        // An empty string: no proxy, and none from the environment either.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, configuration.proxies.bypass ?? "")
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe errorText.deallocate()
    }

    /// The owner of a handle that libcurl names.
    static func owner(of pointer: UnsafeMutableRawPointer) -> EasyHandle? {
        var owner: UnsafeMutableRawPointer?
        unsafe comfy_curl_getinfo_pointer(pointer, CURLINFO_PRIVATE, &owner)
        guard let owner = unsafe owner else { return nil }
        return unsafe Unmanaged<EasyHandle>.fromOpaque(owner).takeUnretainedValue()
    }

    // MARK: Options

    func set(_ option: CURLoption, _ value: Int) {
        unsafe comfy_curl_setopt_long(pointer, option, value)
    }

    func set(_ option: CURLoption, _ value: String?) {
        if let value {
            unsafe comfy_curl_setopt_string(pointer, option, value)
        } else {
            unsafe comfy_curl_setopt_string(pointer, option, nil)
        }
    }

    /// The size of the request's body; -1 when it is not known.
    func setBodySize(_ size: Int) {
        unsafe comfy_curl_setopt_offset(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(size))
    }

    /// A body that libcurl copies and sends along with the head; nil has it ask `fill`. After `setBodySize`.
    func setBody(_ bytes: [UInt8]?) {
        guard let bytes else {
            unsafe comfy_curl_setopt_pointer(pointer, CURLOPT_POSTFIELDS, nil)
            return
        }
        unsafe bytes.withUnsafeBytes { buffer in
            let start = unsafe UnsafeMutableRawPointer(mutating: buffer.baseAddress)
            // An empty array may have no address; nil would mean a body from `fill`.
            var none: UInt8 = 0
            unsafe withUnsafeMutableBytes(of: &none) { placeholder in
                _ = unsafe comfy_curl_setopt_pointer(
                    pointer, CURLOPT_COPYPOSTFIELDS, start ?? placeholder.baseAddress)
            }
        }
    }

    /// The lines of the request's head that are not libcurl's own.
    func setHeaders(_ list: consuming HeaderList) {
        unsafe comfy_curl_setopt_list(pointer, list.pointer)
        headers = list
    }

    /// The whole address of the request.
    func setURL(_ url: URL) {
        if url.isSecure { OpenSSLErrorTexts.load() }
        unsafe comfy_curl_setopt_pointer(pointer, CURLOPT_CURLU, nil)
        set(CURLOPT_REQUEST_TARGET, nil)
        set(CURLOPT_URL, url.description)
    }

    /// The same for less, where libcurl has no need to know the path: it is no proxy's, and no redirect is relative to it.
    func setServer(_ url: URL) {
        address.set(url)
        unsafe comfy_curl_setopt_pointer(pointer, CURLOPT_CURLU, UnsafeMutableRawPointer(address.pointer))
        set(CURLOPT_REQUEST_TARGET, url.target)
    }

    /// Has the next transfer connect to this address, given as a number, and look up no name; nil for the host's own. A kept
    /// connection is used again only for the same host at the same address.
    func connect(to address: String?, port: Int) {
        guard let address else {
            if destination != nil { unsafe comfy_curl_setopt_pointer(pointer, CURLOPT_CONNECT_TO, nil) }
            destination = nil
            return
        }
        let host = address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]" : address
        var list = HeaderList()
        list.append(line: "::\(host):\(port)")
        unsafe comfy_curl_setopt_pointer(pointer, CURLOPT_CONNECT_TO, UnsafeMutableRawPointer(list.pointer))
        destination = consume list
    }

    func clearError() { unsafe errorText.pointee = 0 }

    // MARK: Information

    /// libcurl's reason for a failed transfer.
    func reason(_ code: CURLcode) -> String {
        let text = unsafe String(cString: errorText)
        return text.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : text
    }

    func number(_ info: CURLINFO) -> Int {
        var value = 0
        unsafe comfy_curl_getinfo_long(pointer, info, &value)
        return value
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        unsafe comfy_curl_getinfo_offset(pointer, info, &value)
        return Int(value)
    }

    func text(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        unsafe comfy_curl_getinfo_string(pointer, info, &value)
        return unsafe value.map { unsafe String(cString: $0) }
    }

    // MARK: Flow

    /// Holds up or lets go each direction; may call the delegate before it returns.
    func pause(receiving: Bool, sending: Bool) -> CURLcode {
        let mask = (receiving ? CURLPAUSE_RECV : 0) | (sending ? CURLPAUSE_SEND : 0)
        return unsafe curl_easy_pause(pointer, Int32(mask))
    }

    // MARK: A connection without a transfer (CURLOPT_CONNECT_ONLY)

    /// What became of a try to send or to receive.
    enum Movement {
        /// So many bytes; 0 received is the end.
        case moved(Int)
        /// Nothing now: wait for the socket.
        case again
        case failed(CURLcode)
    }

    /// The connection's descriptor, libcurl's to close.
    var socket: Int32? {
        var socket: curl_socket_t = -1
        unsafe comfy_curl_getinfo_socket(pointer, &socket)
        return socket < 0 ? nil : socket
    }

    func send(_ bytes: ArraySlice<UInt8>) -> Movement {
        var count = 0
        let code = unsafe bytes.withUnsafeBytes {
            unsafe curl_easy_send(pointer, $0.baseAddress, $0.count, &count)
        }
        return movement(code, count)
    }

    func receive(into buffer: inout [UInt8]) -> Movement {
        var count = 0
        let code = unsafe buffer.withUnsafeMutableBytes {
            unsafe curl_easy_recv(pointer, $0.baseAddress, $0.count, &count)
        }
        return movement(code, count)
    }

    private func movement(_ code: CURLcode, _ count: Int) -> Movement {
        switch code {
        case CURLE_OK: .moved(count)
        case CURLE_AGAIN: .again
        default: .failed(code)
        }
    }
}
