/// A profile's own keys in the shared files.
struct ProfileCredentials: CredentialSource {
    let environment: [String: String]
    let name = "profile"

    func look() async throws(AWSError) -> CredentialLookup {
        let shared = SharedConfiguration(environment: environment)
        guard let settings = shared.profiles[shared.profileName] else {
            let places = shared.paths.isEmpty ? "any file" : shared.paths.joined(separator: " or ")
            let reason = "no profile \(shared.profileName) in \(places)"
            if shared.isProfileAskedFor { throw AWSError(code: .noCredentials, message: reason) }
            return .passed(because: reason)
        }
        guard let id = settings.nonEmpty("aws_access_key_id"),
            let secret = settings.nonEmpty("aws_secret_access_key")
        else {
            return .passed(
                because: "profile \(shared.profileName) has no aws_access_key_id with aws_secret_access_key")
        }
        return .found(
            Credentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: settings.nonEmpty("aws_session_token")
            ))
    }
}
