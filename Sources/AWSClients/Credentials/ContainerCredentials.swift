import HTTP

/// The container agent of ECS, EKS Pod Identity and Greengrass
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
struct ContainerCredentials: CredentialSource {
    let environment: [String: String]
    let http: HTTPClient
    let name = "container"

    func look() async throws(AWSError) -> CredentialLookup {
        guard let address = try address() else {
            return .passed(
                because:
                    "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set"
            )
        }
        var metadata = MetadataRequest(.get, address, total: .seconds(2))
        metadata.request.headers["accept"] = "application/json"
        metadata.request.headers["authorization"] = try token()
        switch try await metadata.send(http) {
        case .success(let body):
            return .found(
                try CredentialDocument.read(body, tokenName: "Token", from: address.redacted))
        case .failure(let failure):
            throw .noCredentials("\(address.redacted) gave no credentials: \(failure.reason)")
        }
    }

    private func address() throws(AWSError) -> URL? {
        if let path = environment.nonEmpty("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            guard path.hasPrefix("/"), let url = URL("http://169.254.170.2\(path)") else {
                throw .noCredentials(
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must be a path that begins with /")
            }
            return url
        }
        guard let text = environment.nonEmpty("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        guard let url = URL(text), Self.mayAsk(url) else {
            throw .noCredentials(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http on loopback, 169.254.170.2, "
                    + "169.254.170.23 or fd00:ec2::23")
        }
        return url
    }

    /// Plain http only where nobody else can listen: the answer is a secret.
    static func mayAsk(_ url: URL) -> Bool {
        switch url.scheme {
        case "https": return true
        case "http":
            let allowed = ["localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"]
            return allowed.contains(url.host) || isLoopback(url.host)
        default: return false
        }
    }

    /// 127.0.0.0/8, in full: `127.0.0.1.example.com` is a name like any other.
    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// The file is read each time: its token is rotated.
    private func token() throws(AWSError) -> String? {
        var token = environment.nonEmpty("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if let path = environment.nonEmpty("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            guard let bytes = FileContents.read(path, limit: 64 << 10) else {
                throw .noCredentials("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE \(path) cannot be read")
            }
            token = String(decoding: bytes, as: UTF8.self)
        }
        if let token, token.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw .noCredentials(
                "the container authorization token contains a line break or another control character")
        }
        return token
    }
}
