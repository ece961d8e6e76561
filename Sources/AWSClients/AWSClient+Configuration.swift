public import HTTP

extension AWSClient {
    /// Region, addresses and limits.
    public struct Configuration: Sendable {
        /// Part of host names and signatures: `us-east-1`.
        public var region: String
        /// Instead of AWS's own address, for every service.
        public var endpoint: URL?
        /// Instead of AWS's own address, by the service's name as `AWS_ENDPOINT_URL_<SERVICE>` has it (`S3`).
        public var endpoints: [String: URL] = [:]
        /// Instead of each service's own number (3; DynamoDB 4).
        public var maximumAttempts: Int?
        /// One attempt, from connect to the last byte. Streams have the idle limit only.
        public var attemptTimeout: Duration = .seconds(20)
        /// A call with all its attempts and pauses.
        public var callTimeout: Duration = .seconds(60)
        /// What the credential chain reads.
        public var environment: [String: String] = [:]

        /// AWS's own addresses in a region.
        public init(region: String) throws(AWSError) {
            guard Endpoint.isRegion(region) else {
                throw AWSError(
                    code: .invalidInput,
                    message: "the region is \"\(region)\"; expected one such as us-east-1")
            }
            self.region = region
        }

        /// Reads `AWS_REGION` (or `AWS_DEFAULT_REGION`), `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`,
        /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` and `AWS_MAX_ATTEMPTS`. An empty variable is unset. Throws
        /// `invalidInput` that names the variable, what was found and what is expected.
        public init(environment: [String: String]) throws(AWSError) {
            guard
                let region = environment.nonEmpty("AWS_REGION") ?? environment.nonEmpty("AWS_DEFAULT_REGION")
            else {
                throw Self.refuse("AWS_REGION", nil, "a region such as us-east-1")
            }
            guard Endpoint.isRegion(region) else {
                throw Self.refuse("AWS_REGION", region, "a region such as us-east-1")
            }
            self.region = region
            self.environment = environment
            if environment.nonEmpty("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() != "true" {
                endpoint = try Self.address("AWS_ENDPOINT_URL", in: environment)
                let prefix = "AWS_ENDPOINT_URL_"
                for name in environment.keys where name.hasPrefix(prefix) {
                    endpoints[String(name.dropFirst(prefix.count))] = try Self.address(name, in: environment)
                }
            }
            if let text = environment.nonEmpty("AWS_MAX_ATTEMPTS") {
                guard let attempts = Int(text), (1...100).contains(attempts) else {
                    throw Self.refuse("AWS_MAX_ATTEMPTS", text, "a whole number from 1 to 100")
                }
                maximumAttempts = attempts
            }
        }

        func endpoint(for service: Service) throws(AWSError) -> Endpoint {
            if let url = endpoints[service.variable] ?? endpoint { return Endpoint(url: url, isCustom: true) }
            guard let endpoint = Endpoint.regional(service, region: region) else {
                throw AWSError(
                    code: .invalidInput, message: "no address can be made for the region \"\(region)\"",
                    service: service.name)
            }
            return endpoint
        }

        private static func address(
            _ variable: String, in environment: [String: String]
        ) throws(AWSError) -> URL? {
            guard let text = environment.nonEmpty(variable) else { return nil }
            guard let url = URL(text), ["http", "https"].contains(url.scheme), url.query == nil else {
                throw refuse(variable, text, "an http or https address without a query")
            }
            return url
        }

        private static func refuse(_ variable: String, _ found: String?, _ expected: String) -> AWSError {
            AWSError(
                code: .invalidInput,
                message: "\(variable) is \(found.map { "\"\($0)\"" } ?? "not set"); expected \(expected)")
        }
    }
}
