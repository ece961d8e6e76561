/// A profile's own keys in the shared files: `AWS_PROFILE` (or `default`), in `AWS_SHARED_CREDENTIALS_FILE`, then in
/// `AWS_CONFIG_FILE`. Of the two files the credentials file wins, as in the AWS SDKs.
struct ProfileCredentials: CredentialSource {
    let environment: [String: String]
    let name = "profile"

    func look() async throws(AWSError) -> CredentialLookup {
        let profile = environment.nonEmpty("AWS_PROFILE") ?? "default"
        var paths: [String] = []
        for (variable, file) in [
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config"),
        ] {
            if let path = environment.nonEmpty(variable) ?? inHome(file) { paths.append(path) }
        }
        var settings: [String: String]?
        for path in paths {
            guard let bytes = FileContents.read(path, limit: 1 << 20) else { continue }
            let file = ProfileFile(String(decoding: bytes, as: UTF8.self))
            guard let found = file.profiles[profile] else { continue }
            settings = (settings ?? [:]).merging(found) { first, _ in first }
        }
        guard let settings else {
            let reason =
                "no profile \(profile) in \(paths.isEmpty ? "any file" : paths.joined(separator: " or "))"
            // A profile asked for by name and not found is a mistake, not an absence.
            if environment.nonEmpty("AWS_PROFILE") != nil {
                throw AWSError(code: .noCredentials, message: reason)
            }
            return .passed(because: reason)
        }
        guard let id = settings.nonEmpty("aws_access_key_id"),
            let secret = settings.nonEmpty("aws_secret_access_key")
        else {
            return .passed(because: "profile \(profile) has no aws_access_key_id with aws_secret_access_key")
        }
        return .found(
            Credentials(
                accessKeyID: id, secretAccessKey: secret, sessionToken: settings.nonEmpty("aws_session_token")
            ))
    }

    private func inHome(_ file: String) -> String? {
        environment.nonEmpty("HOME").map { "\($0)/.aws/\(file)" }
    }
}
