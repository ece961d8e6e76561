/// A token bucket that stops retries while a service is down for everybody: first attempts always go out.
final class RetryQuota: Sendable {
    static let capacity = 500
    static let cost = 14
    static let throttlingCost = 5

    private let tokens = Locked(RetryQuota.capacity)

    var available: Int { tokens.withLock { $0 } }

    /// What the retry costs, taken; nil when the bucket has too little.
    func take(for verdict: RetryPolicy.Verdict) -> Int? {
        let cost = verdict == .throttling ? Self.throttlingCost : Self.cost
        return tokens.withLock { tokens in
            guard tokens >= cost else { return nil }
            tokens -= cost
            return cost
        }
    }

    /// After a success: what its last retry had cost, or one token when it needed none.
    func giveBack(_ lastCost: Int?) {
        tokens.withLock { $0 = min($0 + (lastCost ?? 1), Self.capacity) }
    }
}

/// One bucket a service: a throttled table must not stop retries to S3.
final class RetryQuotas: Sendable {
    private let quotas = Locked<[Service: RetryQuota]>([:])

    subscript(service: Service) -> RetryQuota {
        quotas.withLock { quotas in
            if let quota = quotas[service] { return quota }
            let quota = RetryQuota()
            quotas[service] = quota
            return quota
        }
    }
}
