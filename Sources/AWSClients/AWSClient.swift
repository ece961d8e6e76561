public import HTTP
public import Time

/// Where and as whom calls go; shared by all service clients of a process.
///
/// A call becomes one or more attempts: each is made anew from the `Call`, signed with the time corrected by what the
/// services' answers said, sent through the `HTTPClient`, and judged by `RetryPolicy`.
public final class AWSClient: Sendable {
    /// Sends the requests; its loop runs the timers.
    public let http: HTTPClient
    let configuration: Configuration
    let clock: Clock
    let skew = ClockSkew()
    let quotas = RetryQuotas()
    let limiters: RateLimiters
    private let keys = SigningKeyCache()
    let credentials: CredentialCache

    /// `credentials` nil is the chain: environment, shared files, web identity, container, instance.
    public init(
        http: HTTPClient, configuration: Configuration, credentials: (any CredentialProvider)? = nil,
        clock: Clock? = nil
    ) {
        let clock = clock ?? .system(http.loop)
        self.http = http
        self.configuration = configuration
        self.clock = clock
        limiters = RateLimiters(start: clock.elapsed())
        self.credentials = CredentialCache(
            credentials
                ?? CredentialChain.standard(.init(configuration: configuration, http: http, clock: clock)),
            loop: http.loop, now: clock.now, random: clock.random)
    }

    /// The wall clock corrected by the `Date` of the services' answers (signing and lease times use it), to about two
    /// seconds.
    public var now: Timestamp { clock.now() + skew.offset }

    /// Until when what is signed now can hold (presigned addresses die with a session token); nil = as long as asked.
    public func credentialExpiration() async throws(AWSError) -> Timestamp? {
        try await credentials.credentials().expiration
    }

    /// Throws `noCredentials`, told as the operation's.
    func credentials(
        for operation: Operation, within limit: Duration? = nil
    ) async throws(AWSError) -> Credentials {
        do throws(AWSError) {
            if let limit { return try await credentials.credentials(within: limit) }
            return try await credentials.credentials()
        } catch {
            throw operation.error(error.code, error.message, underlying: error.underlying)
        }
    }

    func signer(for operation: Operation, _ credentials: Credentials) -> SigV4 {
        SigV4(
            credentials: credentials, region: configuration.region, service: operation.service.signingName,
            pathRule: operation.service.pathRule, keys: keys)
    }

    func signer(for operation: Operation) async throws(AWSError) -> SigV4 {
        signer(for: operation, try await credentials(for: operation))
    }

    func policy(for service: Service) -> RetryPolicy {
        var policy = RetryPolicy.standard(for: service)
        if let attempts = configuration.maximumAttempts { policy.maximumAttempts = attempts }
        if configuration.retryMode == .off { policy.maximumAttempts = 1 }
        return policy
    }
}
