import Glibc

/// An IPv4 or IPv6 address.
public struct IPAddress: Sendable, Hashable {
    /// 4 or 16, in network order.
    let bytes: [UInt8]

    /// The forms of RFC 3986 only: four decimal numbers without leading zeros, or IPv6 as RFC 4291 writes it, without
    /// brackets and without a zone.
    public init?(_ text: String) {
        // A C string would end there.
        guard !text.utf8.contains(0) else { return nil }
        for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: size)
            if unsafe inet_pton(family, text, &bytes) == 1 {
                self.bytes = bytes
                return
            }
        }
        return nil
    }

    /// Whether a host of the public internet can have it: neither private, loopback, link-local, shared (CGNAT), multicast,
    /// reserved nor for documentation or benchmarks, and not one of a cloud's own services.
    ///
    /// Of IPv6 only global unicast counts, and of that nothing that has an IPv4 address inside (6to4, Teredo; mapped,
    /// compatible and NAT64 addresses are no global unicast): what the inner address leads to depends on whose network it is.
    ///
    /// https://www.iana.org/assignments/iana-ipv4-special-registry,
    /// https://www.iana.org/assignments/iana-ipv6-special-registry
    public var isPublic: Bool {
        if bytes.count == 4 { return !Self.specialIPv4.contains { $0.contains(self) } }
        return Self.globalUnicast.contains(self) && !Self.specialIPv6.contains { $0.contains(self) }
    }

    private static let specialIPv4 = [
        Network(0, 0, 0, 0, length: 8),  // this network
        Network(10, 0, 0, 0, length: 8),  // private
        Network(100, 64, 0, 0, length: 10),  // shared with a provider; Alibaba's metadata 100.100.100.200
        Network(127, 0, 0, 0, length: 8),  // loopback
        Network(168, 63, 129, 16, length: 32),  // Azure's own services, to each virtual machine
        Network(169, 254, 0, 0, length: 16),  // link-local; metadata of most clouds
        Network(172, 16, 0, 0, length: 12),  // private
        Network(192, 0, 0, 0, length: 24),  // protocol assignments; Oracle's metadata 192.0.0.192
        Network(192, 0, 2, 0, length: 24),  // documentation
        Network(192, 88, 99, 0, length: 24),  // relays of 6to4
        Network(192, 168, 0, 0, length: 16),  // private
        Network(198, 18, 0, 0, length: 15),  // benchmarks
        Network(198, 51, 100, 0, length: 24),  // documentation
        Network(203, 0, 113, 0, length: 24),  // documentation
        Network(224, 0, 0, 0, length: 4),  // multicast
        Network(240, 0, 0, 0, length: 4),  // reserved, broadcast
    ]

    private static let globalUnicast = Network(0x20, length: 3)

    private static let specialIPv6 = [
        Network(0x20, 0x01, 0x00, length: 23),  // protocol assignments: Teredo, benchmarks, ORCHID
        Network(0x20, 0x01, 0x0D, 0xB8, length: 32),  // documentation
        Network(0x20, 0x02, length: 16),  // 6to4
        Network(0x3F, 0xFF, 0x00, length: 20),  // documentation
    ]

    /// Addresses that begin alike.
    private struct Network: Sendable {
        let prefix: [UInt8]
        let length: Int

        init(_ prefix: UInt8..., length: Int) {
            self.prefix = prefix
            self.length = length
        }

        func contains(_ address: IPAddress) -> Bool {
            let whole = length / 8
            guard address.bytes.prefix(whole).elementsEqual(prefix.prefix(whole)) else { return false }
            let rest = length % 8
            return rest == 0 || (address.bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0
        }
    }
}
