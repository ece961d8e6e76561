internal import CCurl

/// How a request becomes the options of a transfer.
extension EasyHandle {
    /// Up to here libcurl keeps a copy of the body, and sends it along with the head in one write.
    static let inlineBodyLimit = 64 << 10

    /// Sets all that a request asks for.
    func prepare(for request: HTTPClient.Request, _ configuration: HTTPClient.Configuration) {
        clearError()
        if request.maximumRedirects == 0, configuration.proxies.isEmpty {
            setServer(request.url)
        } else {
            setURL(request.url)
        }
        var headers = HeaderList()
        var method: String? = request.method.rawValue
        var hasBody = true
        var isLarge = true
        switch request.body {
        case .none where request.method == .post || request.method == .put || request.method == .patch:
            // Such a request without a body says so: Content-Length: 0.
            setBody(size: 0, bytes: [])
        case .none:
            hasBody = false
            set(request.method == .head ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1)
            if request.method == .get || request.method == .head { method = nil }
        case .bytes(let bytes):
            isLarge = bytes.count > Self.inlineBodyLimit
            setBody(size: bytes.count, bytes: isLarge ? nil : bytes)
        case .stream(let length, _):
            setBody(size: length ?? -1, bytes: nil)
            if length == nil { headers.append("Transfer-Encoding", "chunked") }
            if length == nil, request.trailers != nil { askForTrailers() }
        }
        // libcurl's own for a request with a body.
        if hasBody, request.method == .post { method = nil }
        set(CURLOPT_CUSTOMREQUEST, method)
        if hasBody {
            // Waiting for leave to send costs a round trip and gains nothing against these servers. libcurl asks for it
            // above 1 MB, and when it does not know.
            if isLarge { headers.leaveOut("Expect") }
            // libcurl would call it a form.
            if !request.headers.contains("content-type") { headers.leaveOut("Content-Type") }
        }
        for (name, value) in request.headers where !Self.isOwnHeader(name) {
            headers.append(name, value)
        }
        setHeaders(headers)
        set(CURLOPT_ACCEPT_ENCODING, request.acceptsGzip ? "gzip" : nil)
        // 0 would mean libcurl's own default, five minutes.
        set(CURLOPT_CONNECTTIMEOUT_MS, request.timeouts.connect?.clampedMilliseconds ?? Int(Int32.max))
        set(CURLOPT_TIMEOUT_MS, request.timeouts.total?.clampedMilliseconds ?? 0)
        connect(to: request.pinnedAddress, port: request.url.effectivePort)
        if !configuration.proxies.isEmpty {
            // A proxy would look up the name by itself.
            let proxy =
                request.pinnedAddress == nil ? configuration.proxies.proxy(for: request.url) : nil
            set(CURLOPT_PROXY, proxy ?? "")
        }
    }

    private func setBody(size: Int, bytes: [UInt8]?) {
        set(CURLOPT_POST, 1)
        setBodySize(size)
        setBody(bytes)
    }

    /// What the client writes itself, so that it always fits the body.
    private static func isOwnHeader(_ name: String) -> Bool {
        switch name.utf8.count {
        case 14: name.lowercased() == "content-length"
        case 17: name.lowercased() == "transfer-encoding"
        case 6: name.lowercased() == "expect"
        default: false
        }
    }
}
