import HTTP

/// Whether and when a failed attempt is repeated: the rules announced for November 2026 as the default of the AWS SDKs
/// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
struct RetryPolicy: Sendable {
    /// What a failure means for the next attempt.
    enum Verdict: Sendable {
        case never
        case transient
        case throttling
        /// Worth one more attempt if the answer's `Date` shows that our clock was wrong.
        case clockSkew
        /// Worth one more attempt if the provider has others.
        case expiredCredentials
    }

    var maximumAttempts: Int
    /// The first back-off of a transient failure.
    var base: Duration
    static let throttlingBase = Duration.seconds(1)
    static let maximumBackoff = Duration.seconds(20)
    /// A service's hint may lengthen a back-off by this much.
    static let maximumHint = Duration.seconds(5)

    static func standard(for service: Service) -> RetryPolicy {
        service == .dynamoDB
            ? RetryPolicy(maximumAttempts: 4, base: .milliseconds(25))
            : RetryPolicy(maximumAttempts: 3, base: .milliseconds(50))
    }

    /// Full jitter: `random` (0 to 1) × min(base × 2^retry, 20 s), `retry` counted from 0; then the hint, which can
    /// only lengthen it.
    func delay(retry: Int, verdict: Verdict, random: Double, hint: Duration?) -> Duration {
        if verdict == .clockSkew || verdict == .expiredCredentials { return .zero }
        let base = verdict == .throttling ? Self.throttlingBase : base
        let ceiling = min(base * (1 << min(retry, 20)), Self.maximumBackoff)
        let delay = ceiling * random
        guard let hint else { return delay }
        return min(max(hint, delay), delay + Self.maximumHint)
    }

    /// The code decides; the status only where the code says nothing.
    static func verdict(for error: AWSError) -> Verdict {
        switch error.code {
        case .transport: return transport(error.underlying as? HTTPError)
        case .malformedResponse: return .transient
        case .invalidInput, .noCredentials, .cancelled, .deadlineExceeded, .functionFailed,
            .unreadableEnvironment:
            return .never
        default: break
        }
        if throttlingCodes.contains(error.code.rawValue) { return .throttling }
        if transientCodes.contains(error.code.rawValue) { return .transient }
        if skewCodes.contains(error.code.rawValue) { return .clockSkew }
        if expiryCodes.contains(error.code.rawValue) { return .expiredCredentials }
        switch error.status ?? 0 {
        // An error inside a success: the service had begun to answer before it failed.
        case 200...299: return .transient
        case 429: return .throttling
        case 501, 505: return .never
        case 500...599: return .transient
        default: return .never
        }
    }

    private static func transport(_ error: HTTPError?) -> Verdict {
        switch error?.code {
        case .resolve?, .connect?, .tls?, .send?, .receive?, .connectTimeout?, .idleTimeout?, .timeout?,
            .truncated?:
            .transient
        default: .never
        }
    }

    static let throttlingCodes: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown",
        "PriorRequestNotComplete",
    ]
    static let transientCodes: Set<String> = [
        "InternalError", "InternalFailure", "InternalServerError", "ServiceUnavailable", "RequestTimeout",
        "RequestTimeoutException", "ReplicatedWriteConflictException", "IDPCommunicationError",
    ]
    static let skewCodes: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "SignatureDoesNotMatch",
        "InvalidSignatureException", "AuthFailure",
    ]
    static let expiryCodes: Set<String> = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]
}
