/// Decides where a request may go whose address somebody else chose, so that nobody reaches what only this process can
/// reach: its own machine, its network, the metadata service that hands out credentials.
///
/// A request with a guard is resolved here, every address that comes is checked, and the connection is made to exactly one
/// that was checked: nobody is asked a second time, who could then answer otherwise (DNS rebinding). The same holds for each
/// redirect. No proxy is taken, whatever the settings say: it would resolve the name by itself.
public final class AddressGuard: Sendable {
    private let resolver: NameResolver
    private let trusted: [HostPattern]

    /// - Parameters:
    ///   - resolver: finds the addresses of a name.
    ///   - trusted: hosts that may have any address but a link-local one, and http where the pattern says so. For
    ///     local use, and for receivers in one's own network.
    public init(resolver: NameResolver, trusted: [HostPattern] = []) {
        self.resolver = resolver
        self.trusted = trusted
    }

    /// What can be said without asking for addresses: false for http, for an address that is not public, and for a number
    /// in a form that not everybody reads alike. A name may still turn out to lead elsewhere.
    public func permits(_ url: URL) -> Bool { refusal(of: url) == nil }

    /// Why the request may not be sent, as far as the address itself tells; nil when it may.
    private func refusal(of url: URL) -> String? {
        guard url.scheme == "http" || url.scheme == "https" else { return "only https is allowed" }
        let address = IPAddress(url.host)
        if address == nil, url.hasNumericEnd { return "the host is a number in a form that is not allowed" }
        if isTrusted(url) { return nil }
        guard url.isSecure else { return "only https is allowed" }
        guard let address else { return nil }
        return address.isPublic ? nil : Self.privateAddress
    }

    private static let privateAddress = "the host's address is not one of the public internet"

    /// The one address that the connection may be made to. Throws `forbiddenAddress`, or `resolve` when there is none.
    func address(for url: URL) async throws(HTTPError) -> String {
        if let reason = refusal(of: url) { throw Self.forbidden(url, reason) }
        if IPAddress(url.host) != nil { return url.host }
        let isTrusted = isTrusted(url)
        let found: [String]
        do throws(NameResolver.Failure) {
            found =
                isTrusted
                ? try await resolver.addresses(of: url.host) : try await resolver.allAddresses(of: url.host)
        } catch {
            throw HTTPError(.resolve, url, error.description, mayHaveBeenSent: false)
        }
        guard let first = found.first else {
            throw HTTPError(.resolve, url, "the name has no address", mayHaveBeenSent: false)
        }
        // One that is not public among others that are is no accident.
        guard isTrusted || found.allSatisfy({ IPAddress($0)?.isPublic ?? false }) else {
            throw Self.forbidden(url, Self.privateAddress)
        }
        return first
    }

    private func isTrusted(_ url: URL) -> Bool { trusted.contains { $0.matches(url) } }

    private static func forbidden(_ url: URL, _ reason: String) -> HTTPError {
        HTTPError(.forbiddenAddress, url, reason, mayHaveBeenSent: false)
    }
}

extension URL {
    /// Whether the host is a number to those who read hosts as the WHATWG does: `2130706433`, `0x7f.1`, `127.1.`, `017700000001`.
    ///
    /// https://url.spec.whatwg.org/#ends-in-a-number-checker
    fileprivate var hasNumericEnd: Bool {
        var labels = host.split(separator: ".", omittingEmptySubsequences: false)
        if labels.last?.isEmpty == true, labels.count > 1 { labels.removeLast() }
        guard let last = labels.last, !last.isEmpty else { return true }
        let digits = last.hasPrefix("0x") ? last.dropFirst(2) : last
        return last.hasPrefix("0x")
            ? allBytes(of: String(digits), { hexValue($0) != nil })
            : digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
