/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`: what Lambda gives a function.
struct EnvironmentCredentials: CredentialSource {
    let environment: [String: String]
    let name = "environment"

    func look() async throws(AWSError) -> CredentialLookup {
        let id = environment.nonEmpty("AWS_ACCESS_KEY_ID")
        let secret = environment.nonEmpty("AWS_SECRET_ACCESS_KEY")
        switch (id, secret) {
        case (let id?, let secret?):
            return .found(
                Credentials(
                    accessKeyID: id, secretAccessKey: secret,
                    sessionToken: environment.nonEmpty("AWS_SESSION_TOKEN")))
        case (nil, nil):
            return .passed(because: "AWS_ACCESS_KEY_ID is not set")
        case (nil, _):
            throw AWSError(
                code: .noCredentials, message: "AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not")
        case (_, nil):
            throw AWSError(
                code: .noCredentials, message: "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
        }
    }
}
