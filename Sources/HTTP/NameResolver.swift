/// Asks for the addresses of a name: the hosts file, then the domain name system, without holding up the loop.
///
/// For lists of hosts (ECS service discovery, a headless service of Kubernetes). A connection needs none of this:
/// libcurl resolves by itself. Nothing is kept from one question to the next, so a changed `/etc/resolv.conf` counts.
public struct NameResolver: Sendable {
    /// No answer was to be had; that there is no such name is an answer.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// c-ares's own words.
        public let description: String
    }

    /// Of one answer; what comes after is left out.
    public static let limit = 1000

    /// How long all tries of one question may take.
    public static let patience: Duration = .seconds(5)

    private let loop: EventLoop
    private let servers: String?

    /// - Parameter loop: does the waiting.
    /// - Parameter servers: asked instead of those in `/etc/resolv.conf`: `address:port`, comma-separated, an IPv6
    ///   address in brackets.
    public init(loop: EventLoop, servers: String? = nil) {
        self.loop = loop
        self.servers = servers
    }

    /// The IPv4 addresses of `name`, or its IPv6 addresses when it has no other: a host with both stands once in the
    /// list. In the order of the answer, each once, at most `limit`; empty when the name does not exist or has none.
    ///
    /// Left out are addresses that no server can have, and link-local ones, where clouds have their metadata services.
    public func addresses(of name: String) async throws(Failure) -> [String] {
        try await find(name, skipsUnusable: true)
    }

    /// The same with nothing left out: for whoever decides by what he finds, as `AddressGuard` does.
    func allAddresses(of name: String) async throws(Failure) -> [String] {
        try await find(name, skipsUnusable: false)
    }

    private func find(_ name: String, skipsUnusable: Bool) async throws(Failure) -> [String] {
        let listed = try await look(name, in: .hostsFile, .any, skipsUnusable)
        if !listed.isEmpty {
            let short = listed.filter { !$0.utf8.contains(UInt8(ascii: ":")) }
            return short.isEmpty ? listed : short
        }
        let short = try await look(name, in: .servers, .v4, skipsUnusable)
        return short.isEmpty ? try await look(name, in: .servers, .v6, skipsUnusable) : short
    }

    private func look(
        _ name: String, in source: AddressLookup.Source, _ family: AddressLookup.Family, _ skipsUnusable: Bool
    ) async throws(Failure) -> [String] {
        let lookup = AddressLookup(name, source, family, skipsUnusable, servers: servers, on: loop)
        do {
            try await loop.suspend { suspension in
                suspension.withdraw = { lookup.cancel() }
                lookup.begin { suspension.resume() }
            }
        } catch {
            throw Failure(description: "cancelled")
        }
        return try lookup.addresses()
    }
}
