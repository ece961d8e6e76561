/// A part of AWS with regions, domains and accounts of its own, as botocore's `partitions.json` lists them.
struct Partition: Sendable, Hashable {
    /// As in ARNs: `aws`, `aws-cn`.
    let name: String
    /// What its regions' names begin with.
    let regionPrefix: String
    let domain: String
    /// Of hosts that answer over IPv6 too.
    let dualStackDomain: String

    /// The largest, and whatever region nobody knows yet.
    static let aws = Partition(
        name: "aws", regionPrefix: "", domain: "amazonaws.com", dualStackDomain: "api.aws")
    static let china = Partition(
        name: "aws-cn", regionPrefix: "cn-", domain: "amazonaws.com.cn",
        dualStackDomain: "api.amazonwebservices.com.cn")
    static let govCloud = Partition(
        name: "aws-us-gov", regionPrefix: "us-gov-", domain: "amazonaws.com", dualStackDomain: "api.aws")

    private static let others = [
        china, govCloud,
        Partition(
            name: "aws-iso", regionPrefix: "us-iso-", domain: "c2s.ic.gov", dualStackDomain: "api.aws.ic.gov"),
        Partition(
            name: "aws-iso-b", regionPrefix: "us-isob-", domain: "sc2s.sgov.gov",
            dualStackDomain: "api.aws.scloud"),
        Partition(
            name: "aws-iso-e", regionPrefix: "eu-isoe-", domain: "cloud.adc-e.uk",
            dualStackDomain: "api.cloud-aws.adc-e.uk"),
        Partition(
            name: "aws-iso-f", regionPrefix: "us-isof-", domain: "csp.hci.ic.gov",
            dualStackDomain: "api.aws.hci.ic.gov"),
        Partition(
            name: "aws-eusc", regionPrefix: "eusc-", domain: "amazonaws.eu",
            dualStackDomain: "api.amazonwebservices.eu"),
    ]

    static func of(region: String) -> Partition {
        others.first { region.hasPrefix($0.regionPrefix) } ?? .aws
    }
}
