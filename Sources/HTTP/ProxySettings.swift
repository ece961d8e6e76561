/// Which proxy a request takes.
///
/// Loopback addresses (the Runtime API, local tools) and link-local ones (the metadata services that hand out
/// credentials) never take one, whatever the settings say: a proxy could not reach them, and must not see them.
public struct ProxySettings: Sendable, Hashable {
    /// Address of the proxy for http requests.
    public var http: String?
    /// Address of the proxy for https requests, which are tunnelled through it (`CONNECT`).
    public var https: String?
    /// Hosts that need none: comma-separated names, which cover their subdomains, addresses, networks, or `*`.
    public var bypass: String?

    /// No proxy unless one is given.
    public init(http: String? = nil, https: String? = nil, bypass: String? = nil) {
        self.http = http
        self.https = https
        self.bypass = bypass
    }

    /// What `http_proxy`, `https_proxy` and `no_proxy` say, in lower or else upper case. `ALL_PROXY` is not read.
    public static func fromEnvironment() -> ProxySettings { ProxySettings(environment: environmentVariable) }

    init(environment: (String) -> String?) {
        self.init(
            http: environment("http_proxy") ?? environment("HTTP_PROXY"),
            https: environment("https_proxy") ?? environment("HTTPS_PROXY"),
            bypass: environment("no_proxy") ?? environment("NO_PROXY"))
    }

    var isEmpty: Bool { http == nil && https == nil }

    /// The proxy for an address before `bypass` is looked at, which libcurl does.
    func proxy(for url: URL) -> String? {
        if url.isLoopback || url.isLinkLocal { return nil }
        return url.isSecure ? https : http
    }
}
