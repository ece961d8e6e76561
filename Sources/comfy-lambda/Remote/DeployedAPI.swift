import AWSClients
import HTTP
import JSON

/// An API somewhere, called as its gateway wants to be called.
struct DeployedAPI: Sendable {
    /// How callers say who they are.
    struct Authorization: Sendable, Hashable {
        /// With AWS credentials, for the service `execute-api` or `lambda` in a region.
        struct Signature: Sendable, Hashable {
            let service: String
            let region: String
        }

        /// nil: not signed.
        var signature: Signature?
        /// An API key of comfy-lambda's, in a header of its own: it may go beside a signature.
        var key: String?
        /// A bearer token, for the function or a JWT authorizer.
        var token: String?

        /// Not at all: a local system.
        static let none = Self()
        static func iam(service: String, region: String) -> Self {
            Self(signature: Signature(service: service, region: region))
        }
        static func token(_ token: String) -> Self { Self(token: token) }

        /// Whether a text is an API key, and no token.
        static func isKey(_ text: String) -> Bool { text.hasPrefix("comfy_") }
    }

    /// An answer; `body` is nil when it is no JSON.
    struct Answer: Sendable {
        let status: Int
        let body: JSON?

        /// What the API, or the gateway in front of it, says is wrong.
        var reason: String {
            let error = body?["error"]
            let message = error?["message"]?.string ?? body?["message"]?.string ?? body?["Message"]?.string
            let words = [error?["code"]?.string, message].compactMap(\.self).joined(separator: ": ")
            return JobProgress.printable(words.isEmpty ? "status \(status)" : "status \(status), \(words)")
        }
    }

    let address: URL
    let http: HTTPClient
    private let signer: (client: AWSClient, service: String)?
    private var token: String?
    private let key: String?

    /// Reads credentials from where AWS's tools find them, when it is to sign.
    init(
        _ address: URL, _ authorization: Authorization, http: HTTPClient, environment: [String: String]
    ) throws(AWSError) {
        self.address = address
        self.http = http
        token = authorization.token
        key = authorization.key
        if let signature = authorization.signature {
            var environment = environment
            environment["AWS_REGION"] = signature.region
            let client = AWSClient(http: http, configuration: try .init(environment: environment))
            signer = (client, signature.service)
        } else {
            signer = nil
        }
    }

    /// The same API, called as who has signed in.
    func signedIn(with token: String) -> DeployedAPI {
        var api = self
        api.token = token
        return api
    }

    /// One request; `path` begins with a slash and goes behind the address's own.
    func call(_ method: HTTPMethod, _ path: String, _ body: JSON? = nil, headers: HTTPHeaders = [:])
        async throws -> Answer
    {
        var url = address
        url.path = (url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path) + path
        var request = HTTPClient.Request(method, url, headers: headers)
        request.headers["accept"] = "application/json"
        if let body {
            request.headers["content-type"] = "application/json"
            request.body = .bytes(body.serialized())
        }
        if let token { request.headers["authorization"] = "Bearer \(token)" }
        if let key { request.headers["x-api-key"] = key }
        if let signer { try await signer.client.sign(&request, service: signer.service) }
        let response = try await http.send(request)
        return Answer(status: response.status, body: try? JSON(parsing: response.body))
    }
}

extension DeployedAPI.Authorization {
    /// By the address: AWS's own host names say the service and the region
    /// (`a1b2.execute-api.eu-central-1.amazonaws.com`, `a1b2.lambda-url.eu-central-1.on.aws`). nil for any other.
    static func iam(host: String) -> Self? {
        let labels = host.split(separator: ".")
        guard labels.count >= 5 else { return nil }
        switch labels[1] {
        case "execute-api" where labels[3] == "amazonaws":
            return .iam(service: "execute-api", region: String(labels[2]))
        case "lambda-url" where labels[3] == "on":
            return .iam(service: "lambda", region: String(labels[2]))
        default: return nil
        }
    }
}
