import Crypto
import HTTP
import JSON
import Telemetry
import Time

extension AWSClient {
    /// One call, with all of its attempts a span.
    func perform<Output: Sendable>(
        _ call: Call,
        exchange: (HTTPClient.Request) async throws(AttemptFailure) -> Answer<Output>
    ) async throws(AWSError) -> Output {
        let operation = call.operation
        return try await Trace.span(
            "\(operation.service.name) \(operation.name)", .client,
            attributes: [
                "rpc.system": "aws-api", "rpc.service": operation.service.name, "rpc.method": operation.name,
            ]
        ) { () async throws(AWSError) in try await attempt(call, exchange) }
    }

    /// The attempts of one call: sign, exchange, judge, wait.
    private func attempt<Output: Sendable>(
        _ call: Call, _ exchange: (HTTPClient.Request) async throws(AttemptFailure) -> Answer<Output>
    ) async throws(AWSError) -> Output {
        let operation = call.operation
        let policy = policy(for: operation.service)
        let quota = quotas[operation.service]
        let limiter = configuration.retryMode == .adaptive ? limiters[operation.service] : nil
        let limit = try TimeLimit(for: call, configuration, clock)
        let invocationID = UUID.v4().description
        var lastCost: Int?
        var hasAskedForOthers = false
        var attempt = 1
        while true {
            if let limiter { try await wait(for: limiter, limit, operation) }
            let credentials =
                call.isSigned
                ? try await credentials(for: operation, within: limit.remaining(at: clock.elapsed())) : nil
            let request = try request(
                for: call, signer: credentials.map { signer(for: operation, $0) },
                invocationID: invocationID, attempt: attempt, of: policy.maximumAttempts,
                timeout: try limit.timeout(of: call, configuration, at: clock.elapsed()))
            let sent = clock.now()
            let offset = skew.offset
            do throws(AttemptFailure) {
                let answer = try await exchange(request)
                skew.observe(answer.headers, sent: sent, received: clock.now())
                limiter?.observe(isThrottled: false, at: clock.elapsed())
                quota.giveBack(lastCost)
                return answer.output
            } catch {
                let received = clock.now()
                if let headers = error.headers { skew.observe(headers, sent: sent, received: received) }
                var failed = error.error
                failed.attempts = attempt
                let verdict = RetryPolicy.verdict(for: failed)
                limiter?.observe(isThrottled: verdict == .throttling, at: clock.elapsed())
                let isWorthwhile: Bool
                switch verdict {
                case .never: isWorthwhile = false
                case .transient, .throttling: isWorthwhile = true
                case .clockSkew: isWorthwhile = skew.offset != offset
                case .expiredCredentials:
                    // Even where this call cannot be repeated, the next one shall not fail for the same reason.
                    guard let credentials, !hasAskedForOthers else { throw failed }
                    hasAskedForOthers = true
                    isWorthwhile = await self.credentials.replace(
                        credentials, within: limit.remaining(at: clock.elapsed()))
                }
                guard isWorthwhile, attempt < policy.maximumAttempts, call.isReplayable else { throw failed }
                let delay = policy.delay(
                    retry: attempt - 1, verdict: verdict, random: clock.random(),
                    hint: error.headers.flatMap { RetryHint.read($0, now: received + skew.offset) })
                guard limit.leavesTime(after: delay, at: clock.elapsed()) else { throw failed }
                lastCost = quota.take(for: verdict)
                // Who polls would call again at once: the pause is kept even when the retry is not to be had.
                let isDenied = lastCost == nil && !call.isInsistent
                if isDenied, call.longPoll == .zero { throw failed }
                Log.debug(
                    "AWS call retried",
                    [
                        "service": .string(failed.service), "operation": .string(failed.operation),
                        "code": .string(failed.code.rawValue), "attempt": .number(attempt),
                        "delayMs": .number(delay.milliseconds),
                    ])
                try await pause(delay, operation, attempts: attempt)
                if isDenied { throw failed }
                attempt += 1
            }
        }
    }

    /// Until the client-side rate lets the next attempt go.
    private func wait(
        for limiter: RateLimiter, _ limit: TimeLimit, _ operation: Operation
    ) async throws(AWSError) {
        while let delay = limiter.acquire(at: clock.elapsed()) {
            guard limit.leavesTime(after: delay, at: clock.elapsed()) else {
                throw operation.error(
                    .deadlineExceeded,
                    "the service throttles this client: the next call may go in \(delay.milliseconds) ms, "
                        + "which is too late")
            }
            try await pause(delay, operation, attempts: 0)
        }
    }

    /// Waits between the rounds of a batch. False, at once, when the invocation would end before the next one.
    func backOff(_ delay: Duration, _ operation: Operation) async throws(AWSError) -> Bool {
        if let left = clock.timeLeft(), left - delay <= TimeLimit.margin { return false }
        try await pause(delay, operation, attempts: 0)
        return true
    }

    private func pause(_ delay: Duration, _ operation: Operation, attempts: Int) async throws(AWSError) {
        do { try await clock.sleep(delay) } catch {
            var cancelled = operation.error(.cancelled, "cancelled while waiting to retry")
            cancelled.attempts = attempts
            throw cancelled
        }
    }
}
