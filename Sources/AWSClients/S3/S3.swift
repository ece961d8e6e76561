/// S3 (restXml, version 2006-03-01).
///
/// Every object goes with a checksum and every whole one that comes is checked, as `AWSClient.Configuration` says.
public struct S3: Sendable {
    /// How a bucket is named in an address.
    public enum Addressing: Sendable, Hashable {
        /// The bucket's own host at AWS, the path where the address is configured or the bucket's name has dots, for
        /// which no certificate of AWS's holds.
        case automatic
        /// `https://s3.<region>.amazonaws.com/<bucket>/<key>`
        case path
        /// `https://<bucket>.s3.<region>.amazonaws.com/<key>`
        case virtualHost
    }

    let client: AWSClient
    let addressing: Addressing

    /// Calls through a client.
    public init(_ client: AWSClient, addressing: Addressing = .automatic) {
        self.client = client
        self.addressing = addressing
    }

    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
}

/// When checksums are sent or verified, as the AWS SDKs know it
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html).
public enum ChecksumPolicy: String, Sendable, Hashable {
    /// Wherever the operation can.
    case whenSupported = "when_supported"
    /// Only where the operation must, or the call asks for it.
    case whenRequired = "when_required"
}
