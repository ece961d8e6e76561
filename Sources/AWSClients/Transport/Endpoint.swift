import HTTP

/// Where a service's calls go.
struct Endpoint: Sendable, Hashable {
    /// With a path when the configured address has one.
    var url: URL
    /// Configured, not by AWS's own rule: S3 then puts the bucket into the path.
    var isCustom: Bool

    /// By AWS's rule, `https://<service>.<region>.<domain of the partition>` and its variants
    /// (https://docs.aws.amazon.com/general/latest/gr/rande.html). nil when there is no such host.
    static func regional(
        _ service: Service, region: String, fips: Bool = false, dualStack: Bool = false
    ) -> Endpoint? {
        service.hostRule.host(label: service.hostLabel, region: region, fips: fips, dualStack: dualStack)
            .flatMap { URL("https://\($0)") }.map { Endpoint(url: $0, isCustom: false) }
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
