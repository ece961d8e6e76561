import HTTP

/// What those sources need that call somebody.
struct CredentialContext: Sendable {
    let configuration: AWSClient.Configuration
    let http: HTTPClient
    let clock: AWSClient.Clock

    var environment: [String: String] { configuration.environment }

    /// STS as somebody; nil for the operations that are not signed.
    func sts(as credentials: Credentials?) -> STS {
        STS(
            AWSClient(
                http: http, configuration: configuration,
                credentials: credentials ?? Credentials(accessKeyID: "", secretAccessKey: ""), clock: clock))
    }
}
