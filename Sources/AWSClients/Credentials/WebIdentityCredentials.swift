/// A role assumed with the token of an identity provider, kept in a file that its owner rotates: how EKS gives a pod
/// its role (https://docs.aws.amazon.com/sdkref/latest/guide/access-assume-role-web.html).
struct WebIdentityCredentials: CredentialSource {
    /// Which role, and where the token is.
    struct Settings: Sendable {
        var roleARN: String
        var tokenFile: String
        var sessionName: String
    }

    let environment: [String: String]
    let sts: STS
    let name = "web identity"

    static let tokenLimit = 20_000
    static let defaultSessionName = "comfy-lambda"

    func look() async throws(AWSError) -> CredentialLookup {
        guard let file = environment.nonEmpty("AWS_WEB_IDENTITY_TOKEN_FILE") else {
            return .passed(because: "AWS_WEB_IDENTITY_TOKEN_FILE is not set")
        }
        guard let role = environment.nonEmpty("AWS_ROLE_ARN") else {
            throw .noCredentials("AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not")
        }
        let session = environment.nonEmpty("AWS_ROLE_SESSION_NAME") ?? Self.defaultSessionName
        return .found(
            try await Self.assume(Settings(roleARN: role, tokenFile: file, sessionName: session), sts))
    }

    /// The file is read each time: its token is rotated.
    static func assume(_ settings: Settings, _ sts: STS) async throws(AWSError) -> Credentials {
        guard let bytes = FileContents.read(settings.tokenFile, limit: tokenLimit) else {
            throw .noCredentials(
                "the web identity token file \(settings.tokenFile) cannot be read or has over \(tokenLimit) bytes"
            )
        }
        let token = String(decoding: bytes, as: UTF8.self)
        do throws(AWSError) {
            return try await sts.assumeRole(
                settings.roleARN, sessionName: settings.sessionName, webIdentityToken: token)
        } catch {
            throw .roleNotAssumed(settings.roleARN, error)
        }
    }
}

extension AWSError {
    /// What STS said, as the reason why there are no credentials.
    static func roleNotAssumed(_ arn: String, _ error: AWSError) -> AWSError {
        if error.code == .cancelled { return error }
        return .noCredentials("the role \(arn) was not assumed: \(error)", underlying: error)
    }
}
