public import HTTP

extension AWSClient {
    /// Region, addresses and limits.
    public struct Configuration: Sendable {
        /// Part of host names and signatures: `us-east-1`.
        public var region: String
        /// Instead of AWS's own address and of any configured outside of the code, for every service.
        public var endpoint: URL?
        /// The same for one service, by its name as `AWS_ENDPOINT_URL_<SERVICE>` has it (`S3`).
        public var endpoints: [String: URL] = [:]
        /// Hosts with validated cryptography. Cannot be had together with an address of one's own.
        public var usesFIPS = false
        /// Hosts that answer over IPv6 too. Cannot be had together with an address of one's own.
        public var usesDualStack = false
        /// Whether failed attempts are repeated, and whether the client slows itself down.
        public var retryMode = RetryMode.standard
        /// Instead of each service's own number (3; DynamoDB 4).
        public var maximumAttempts: Int?
        /// One attempt, from connect to the last byte. Streams have the idle limit only.
        public var attemptTimeout: Duration = .seconds(20)
        /// A call with all its attempts and pauses.
        public var callTimeout: Duration = .seconds(60)
        /// Whether S3 objects are sent with a checksum.
        public var requestChecksums = ChecksumPolicy.whenSupported
        /// Whether the checksum of S3 objects is asked for and verified.
        public var responseChecksums = ChecksumPolicy.whenSupported
        /// What the credential chain reads.
        public var environment: [String: String] = [:]
        /// From variables and profile.
        var configuredEndpoints = ConfiguredEndpoints.none

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
        /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`,
        /// `AWS_REQUEST_CHECKSUM_CALCULATION`, `AWS_RESPONSE_CHECKSUM_VALIDATION`, `AWS_RETRY_MODE` and
        /// `AWS_MAX_ATTEMPTS`, and where one is not set the profile's setting of that meaning. An
        /// empty variable is unset. Throws `invalidInput` that names the setting, what was found and what is expected.
        public init(environment: [String: String]) throws(AWSError) {
            let shared = SharedConfiguration(environment: environment)
            let region =
                environment.nonEmpty("AWS_REGION") ?? environment.nonEmpty("AWS_DEFAULT_REGION")
                ?? shared.setting("region")
            guard let region, Endpoint.isRegion(region) else {
                throw .setting("AWS_REGION", region, "a region such as us-east-1")
            }
            self.region = region
            self.environment = environment
            configuredEndpoints = try ConfiguredEndpoints(environment: environment, shared: shared)
            /// A variable's value, else the profile's, with the name under which it was found.
            func setting(_ variable: String, _ key: String) -> (name: String, text: String)? {
                environment.nonEmpty(variable).map { (variable, $0) }
                    ?? shared.setting(key).map { ("\(key) of profile \(shared.profileName)", $0) }
            }
            usesFIPS = try Self.isTrue(setting("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"))
            usesDualStack = try Self.isTrue(setting("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"))
            requestChecksums = try Self.policy(
                setting("AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation"))
            responseChecksums = try Self.policy(
                setting("AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation"))
            if let (name, text) = setting("AWS_RETRY_MODE", "retry_mode") {
                guard let mode = RetryMode(rawValue: text.lowercased()) else {
                    throw .setting(name, text, "standard, adaptive or off")
                }
                retryMode = mode
            }
            if let (name, text) = setting("AWS_MAX_ATTEMPTS", "max_attempts") {
                guard let attempts = Int(text), (1...100).contains(attempts) else {
                    throw .setting(name, text, "a whole number from 1 to 100")
                }
                maximumAttempts = attempts
            }
        }

        /// What the code says, then what is configured, then AWS's rule.
        func endpoint(for service: Service) throws(AWSError) -> Endpoint {
            let own = endpoints[service.variable] ?? endpoint ?? configuredEndpoints.url(for: service)
            if let own {
                if usesFIPS || usesDualStack {
                    throw AWSError(
                        code: .invalidInput,
                        message:
                            "\(own.redacted) is configured; a FIPS or dual-stack host cannot be asked for too",
                        service: service.name)
                }
                return Endpoint(url: own, isCustom: true)
            }
            let endpoint = Endpoint.regional(
                service, region: region, fips: usesFIPS, dualStack: usesDualStack)
            guard let endpoint else {
                throw AWSError(
                    code: .invalidInput,
                    message: "there is no \(usesFIPS ? "FIPS " : "")address in the region \"\(region)\"",
                    service: service.name)
            }
            return endpoint
        }

        private static func policy(
            _ setting: (name: String, text: String)?
        ) throws(AWSError) -> ChecksumPolicy {
            guard let setting else { return .whenSupported }
            guard let policy = ChecksumPolicy(rawValue: setting.text.lowercased()) else {
                throw .setting(setting.name, setting.text, "when_supported or when_required")
            }
            return policy
        }

        private static func isTrue(_ setting: (name: String, text: String)?) throws(AWSError) -> Bool {
            switch setting?.text.lowercased() {
            case nil, "false": return false
            case "true": return true
            default: throw .setting(setting?.name ?? "", setting?.text, "true or false")
            }
        }
    }
}

extension AWSError {
    /// A setting that is missing or malformed, found outside of the code.
    static func setting(_ name: String, _ found: String?, _ expected: String) -> AWSError {
        AWSError(
            code: .invalidInput,
            message: "\(name) is \(found.map { "\"\($0)\"" } ?? "not set"); expected \(expected)")
    }
}
