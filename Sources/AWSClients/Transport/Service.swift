/// An AWS service as signing, endpoints, error parsing and retries see it.
struct Service: Sendable, Hashable {
    /// How a service writes its errors.
    enum ErrorFormat: Sendable { case json, xml }

    /// In errors and logs.
    let name: String
    /// In the credential scope.
    let signingName: String
    /// The first label of its regional host.
    let hostLabel: String
    /// The end of `AWS_ENDPOINT_URL_<SERVICE>`; in lower case the key in a `[services]` section of the config file.
    let variable: String
    var errorFormat = ErrorFormat.json
    var pathRule = SigV4.PathRule.normalizedAndEncodedTwice
    /// Of awsJson: `1.0` or `1.1`.
    var jsonVersion = "1.0"
    /// Where its host names leave the common rule.
    var hostRule = HostRule.common
    /// Only S3 requires `x-amz-content-sha256`.
    var sendsPayloadHash: Bool { pathRule == .asSent }

    static let s3 = Service(
        name: "S3", signingName: "s3", hostLabel: "s3", variable: "S3", errorFormat: .xml, pathRule: .asSent,
        hostRule: .s3)
    static let dynamoDB = Service(
        name: "DynamoDB", signingName: "dynamodb", hostLabel: "dynamodb", variable: "DYNAMODB",
        hostRule: .govCloudIsFIPS)
    static let sns = Service(
        name: "SNS", signingName: "sns", hostLabel: "sns", variable: "SNS", errorFormat: .xml,
        hostRule: .govCloudIsFIPS)
    static let sqs = Service(
        name: "SQS", signingName: "sqs", hostLabel: "sqs", variable: "SQS", hostRule: .govCloudIsFIPS)
    static let sts = Service(
        name: "STS", signingName: "sts", hostLabel: "sts", variable: "STS", errorFormat: .xml,
        hostRule: .govCloudIsFIPS)
    static let cloudWatch = Service(
        name: "CloudWatch", signingName: "monitoring", hostLabel: "monitoring", variable: "CLOUDWATCH",
        hostRule: .cloudWatch)
    static let secretsManager = Service(
        name: "Secrets Manager", signingName: "secretsmanager", hostLabel: "secretsmanager",
        variable: "SECRETS_MANAGER", jsonVersion: "1.1", hostRule: .secretsManager)
    static let ssm = Service(
        name: "SSM", signingName: "ssm", hostLabel: "ssm", variable: "SSM", jsonVersion: "1.1",
        hostRule: .govCloudIsFIPS)
    static let kms = Service(
        name: "KMS", signingName: "kms", hostLabel: "kms", variable: "KMS", jsonVersion: "1.1")
    static let lambda = Service(
        name: "Lambda", signingName: "lambda", hostLabel: "lambda", variable: "LAMBDA")
}

/// One operation of one service: what errors, retries and logs are told about.
struct Operation: Sendable, Hashable {
    let service: Service
    let name: String

    init(_ service: Service, _ name: String) {
        self.service = service
        self.name = name
    }

    /// Input refused before anything is sent. The message says the limit.
    func invalid(_ message: String) -> AWSError { error(.invalidInput, message) }

    /// A success that made no sense.
    func malformed(_ message: String, underlying: (any Error)? = nil) -> AWSError {
        error(.malformedResponse, message, underlying: underlying)
    }

    func error(_ code: AWSError.Code, _ message: String, underlying: (any Error)? = nil) -> AWSError {
        AWSError(
            code: code, message: message, service: service.name, operation: name, underlying: underlying)
    }
}
