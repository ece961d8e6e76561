/// How a service makes its host names. Nearly all follow `common`; what differs is taken from the endpoint rule sets
/// that AWS publishes with botocore (`endpoint-rule-set-1.json` of each service).
enum HostRule: Sendable, Hashable {
    /// `kms`, `kms-fips`; dual stack in the partition's second domain.
    case common
    /// As `common`, but in GovCloud the ordinary host is the FIPS host, and no other has a certificate.
    case govCloudIsFIPS
    /// As `govCloudIsFIPS`, in the dual-stack domain too.
    case cloudWatch
    /// Dual stack is a label, `s3.dualstack.us-east-1`, in the ordinary domain.
    case s3
    /// Where it serves the public the ordinary host is dual stack.
    case secretsManager

    /// nil when the partition has no such host.
    func host(label: String, region: String, fips: Bool, dualStack: Bool) -> String? {
        let partition = Partition.of(region: region)
        let label = fips && !isOrdinaryHostFIPS(partition, dualStack) ? "\(label)-fips" : label
        switch self {
        case .s3:
            if fips, partition == .china { return nil }
            return dualStack
                ? "\(label).dualstack.\(region).\(partition.domain)"
                : "\(label).\(region).\(partition.domain)"
        case .secretsManager where [.aws, .china, .govCloud].contains(partition):
            return "\(label).\(region).\(partition.domain)"
        default:
            return "\(label).\(region).\(dualStack ? partition.dualStackDomain : partition.domain)"
        }
    }

    private func isOrdinaryHostFIPS(_ partition: Partition, _ dualStack: Bool) -> Bool {
        guard partition == .govCloud else { return false }
        switch self {
        case .govCloudIsFIPS: return !dualStack
        case .cloudWatch: return true
        case .common, .s3, .secretsManager: return false
        }
    }
}
