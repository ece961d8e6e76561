/// The way of one request through the redirects its caller allows (RFC 9110 §15.4). libcurl could follow them too, but
/// would hand every header but `Authorization` and `Cookie` to whatever host it is sent to.
struct Redirects {
    /// What is to be sent now.
    private(set) var request: HTTPClient.Request
    private var followed = 0
    private let deadline: ContinuousClock.Instant?

    init(_ request: HTTPClient.Request) {
        self.request = request
        deadline = request.maximumRedirects > 0 ? request.timeouts.total.map { .now.advanced(by: $0) } : nil
    }

    /// False when the response is the final one; otherwise `request` is the one to send next.
    mutating func follow(_ status: Int, _ target: String?) throws(HTTPError) -> Bool {
        guard request.maximumRedirects > 0, [301, 302, 303, 307, 308].contains(status), let target else {
            return false
        }
        guard followed < request.maximumRedirects else {
            throw refusal(.tooManyRedirects, "more than \(request.maximumRedirects) redirects")
        }
        followed += 1
        guard let url = URL(withoutFragment(target)), url.scheme.hasPrefix("http") else {
            throw refusal(.redirect, "the redirect leads to no http or https address")
        }
        if request.url.isSecure, !url.isSecure {
            throw refusal(.redirect, "the redirect leads from https to http")
        }
        let becomesGet = status == 303 ? request.method != .head : request.method == .post && status < 303
        if becomesGet {
            request.method = .get
            request.body = .none
            request.headers["content-type"] = nil
        } else if case .stream = request.body {
            throw refusal(.redirect, "a streamed body cannot be sent twice")
        }
        if (url.scheme, url.host, url.effectivePort) != (
            request.url.scheme, request.url.host, request.url.effectivePort
        ) {
            for name in ["authorization", "cookie", "proxy-authorization", "x-amz-security-token", "host"] {
                request.headers[name] = nil
            }
        }
        request.url = url
        if let deadline {
            request.timeouts.total = max(.milliseconds(1), ContinuousClock.now.duration(to: deadline))
        }
        return true
    }

    /// A fragment is the reader's, not the server's.
    private func withoutFragment(_ address: String) -> String {
        String(address.prefix { $0 != "#" })
    }

    private func refusal(_ code: HTTPError.Code, _ reason: String) -> HTTPError {
        HTTPError(code, request.url, reason, mayHaveBeenSent: true)
    }
}
