import HTTP

/// `WEBHOOK_ALLOWED_HOSTS`: whom a webhook may call. Nobody while it is empty.
struct WebhookHosts: Sendable {
    /// One entry of the list: `hooks.example.com`, `*.example.com`, `example.com:8443`, `http://127.0.0.1:9000`.
    struct Pattern: Sendable, Hashable {
        let scheme: String
        let host: String
        let port: Int
        /// `*.`: any name below `host`, and not `host` itself.
        let isBelow: Bool

        /// https and port 443 unless it says otherwise; nil when it is no such entry.
        init?(_ text: String) {
            var rest = Substring(text)
            var isHTTP = false
            for scheme in ["https://", "http://"] where rest.utf8.starts(with: scheme.utf8) {
                rest = rest.dropFirst(scheme.count)
                isHTTP = scheme == "http://"
                break
            }
            isBelow = rest.utf8.starts(with: "*.".utf8)
            if isBelow { rest = rest.dropFirst(2) }
            guard let url = URL("\(isHTTP ? "http" : "https")://\(rest)"), url.path == "/", url.query == nil,
                !rest.utf8.contains(UInt8(ascii: "/")), !url.host.utf8.contains(UInt8(ascii: "*"))
            else { return nil }
            scheme = url.scheme
            host = url.host
            port = url.effectivePort
        }

        func allows(_ url: URL) -> Bool {
            guard url.scheme == scheme, url.effectivePort == port else { return false }
            guard isBelow else { return url.host == host }
            return url.host.utf8.count > host.utf8.count + 1 && url.host.hasSuffix(".\(host)")
        }
    }

    let patterns: [Pattern]

    func allows(_ url: URL) -> Bool { patterns.contains { $0.allows(url) } }
}
