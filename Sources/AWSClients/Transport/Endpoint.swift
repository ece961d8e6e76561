import HTTP

/// Where a service's calls go.
struct Endpoint: Sendable, Hashable {
    /// With a path when the configured address has one.
    var url: URL
    /// Configured, not by AWS's own rule: S3 then puts the bucket into the path.
    var isCustom: Bool

    /// By AWS's rule, `https://<service>.<region>.<suffix of the partition>`
    /// (https://docs.aws.amazon.com/general/latest/gr/rande.html).
    static func regional(_ service: Service, region: String) -> Endpoint? {
        URL("https://\(service.hostLabel).\(region).\(domain(ofRegion: region))").map {
            Endpoint(url: $0, isCustom: false)
        }
    }

    /// The partition's domain; partitions have prefixes of their own in region names.
    private static func domain(ofRegion region: String) -> String {
        let partitions = [
            ("cn-", "amazonaws.com.cn"), ("us-iso-", "c2s.ic.gov"), ("us-isob-", "sc2s.sgov.gov"),
            ("us-isof-", "csp.hci.ic.gov"), ("eu-isoe-", "cloud.adc-e.uk"), ("eusc-", "amazonaws.eu"),
        ]
        return partitions.first { region.hasPrefix($0.0) }?.1 ?? "amazonaws.com"
    }

    /// `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`: at least three labels of lower-case letters, the last a number.
    /// The region becomes part of a host name, so nothing else may pass.
    static func isRegion(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard labels.count >= 3, text.utf8.count <= 32, let number = labels.last else { return false }
        return !number.isEmpty && number.allSatisfy { (0x30...0x39).contains($0) }
            && labels.dropLast().allSatisfy { !$0.isEmpty && $0.allSatisfy { (0x61...0x7A).contains($0) } }
    }
}
