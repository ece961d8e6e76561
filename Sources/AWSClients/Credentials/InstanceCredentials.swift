import HTTP

/// The metadata service of an EC2 instance, version 2 only: a token is fetched first, so that a request forged through
/// this program's own address handling gets nothing
/// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html).
struct InstanceCredentials: CredentialSource {
    let environment: [String: String]
    let http: HTTPClient
    let name = "instance"

    private static let path = "/latest/meta-data/iam/security-credentials/"

    func look() async throws(AWSError) -> CredentialLookup {
        if environment.nonEmpty("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" {
            return .passed(because: "AWS_EC2_METADATA_DISABLED is true")
        }
        let base = try address()
        var asked = MetadataRequest(.put, Self.url(base, "/latest/api/token"))
        asked.request.headers["x-aws-ec2-metadata-token-ttl-seconds"] = "21600"
        let token: String
        switch try await asked.send(http) {
        case .success(let body): token = String(decoding: body, as: UTF8.self)
        case .failure(let failure) where failure.status == nil:
            // The token's answer travels as many hops as the instance allows: one, which a container uses up.
            return .passed(
                because:
                    "\(base) did not answer: \(failure.reason); this is no EC2 instance, or a container on one "
                    + "whose hop limit is 1")
        case .failure(let failure): throw .noCredentials("\(base) gave no token: \(failure.reason)")
        }
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .noCredentials("\(base) gave a token that cannot be sent")
        }
        let roles: [UInt8]
        switch try await get(Self.url(base, Self.path), token) {
        case .success(let body): roles = body
        case .failure(let failure) where failure.status == 404:
            return .passed(because: "the instance has no role")
        case .failure(let failure): throw .noCredentials("\(base) gave no role: \(failure.reason)")
        }
        let role = String(decoding: roles.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
        if role.isEmpty { return .passed(because: "the instance has no role") }
        switch try await get(Self.url(base, Self.path + URL.percentEncode(role)), token) {
        case .success(let body):
            return .found(try CredentialDocument.read(body, tokenName: "Token", from: "\(base)"))
        case .failure(let failure):
            throw .noCredentials("\(base) gave no credentials: \(failure.reason)")
        }
    }

    private func get(_ url: URL, _ token: String) async throws(AWSError) -> Result<
        [UInt8], MetadataRequest.Failure
    > {
        var asked = MetadataRequest(.get, url)
        asked.request.headers["x-aws-ec2-metadata-token"] = token
        return try await asked.send(http)
    }

    private func address() throws(AWSError) -> URL {
        let name = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
        let text = environment.nonEmpty(name) ?? "http://169.254.169.254"
        guard let url = URL(text), ["http", "https"].contains(url.scheme), url.query == nil else {
            throw .noCredentials("\(name) is \"\(text)\"; expected an http or https address without a query")
        }
        return url
    }

    private static func url(_ base: URL, _ path: String) -> URL {
        var url = base
        url.path = (base.path.hasSuffix("/") ? String(base.path.dropLast()) : base.path) + path
        return url
    }
}
