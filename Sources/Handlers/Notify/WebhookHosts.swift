import HTTP

/// `WEBHOOK_ALLOWED_HOSTS`: whom a webhook may call. Nobody while it is empty. That the address is one of the public internet is
/// `AddressGuard`'s to say, and is asked too.
struct WebhookHosts: Sendable {
    let patterns: [HostPattern]
    /// `*`: anybody.
    let allowsAnybody: Bool

    /// nil when an entry is none.
    init?(_ entries: [String]) {
        var patterns: [HostPattern] = []
        for entry in entries where entry != "*" {
            guard let pattern = HostPattern(entry) else { return nil }
            patterns.append(pattern)
        }
        self.patterns = patterns
        allowsAnybody = entries.contains("*")
    }

    var isEmpty: Bool { patterns.isEmpty && !allowsAnybody }

    func allows(_ url: URL) -> Bool { allowsAnybody || patterns.contains { $0.matches(url) } }
}
