/// Hosts in a list that an operator writes: `hooks.example.com`, `*.example.com`, `example.com:8443`, `http://127.0.0.1:9000`.
public struct HostPattern: Sendable, Hashable {
    private let scheme: String
    private let host: String
    private let port: Int
    /// `*.`: any name below `host`, and not `host` itself.
    private let isBelow: Bool

    /// https and port 443 unless it says otherwise; nil when it is no such entry.
    public init?(_ text: String) {
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

    /// Whether the address is one of these: by scheme, port and host, all of them.
    public func matches(_ url: URL) -> Bool {
        guard url.scheme == scheme, url.effectivePort == port else { return false }
        guard isBelow else { return url.host == host }
        return url.host.utf8.count > host.utf8.count + 1 && url.host.hasSuffix(".\(host)")
    }
}
