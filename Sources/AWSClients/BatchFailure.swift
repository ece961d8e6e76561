/// An entry of a batch that failed inside a success (SNS and SQS).
public struct BatchFailure: Sendable, Hashable {
    /// Which of the batch, from 0.
    public var index: Int
    /// The service's code.
    public var code: String
    /// The service's words.
    public var message: String
    /// False: worth another try.
    public var senderFault: Bool

    /// A failure as given.
    public init(index: Int, code: String, message: String, senderFault: Bool) {
        self.index = index
        self.code = code
        self.message = message
        self.senderFault = senderFault
    }

    /// As an error of a call would be judged.
    fileprivate var verdict: RetryPolicy.Verdict {
        RetryPolicy.verdict(
            for: AWSError(code: .init(rawValue: code), message: message, status: senderFault ? 400 : 500))
    }
}

extension AWSClient {
    /// Sends the entries of a batch, and those that failed once more with back-off, where another try may help; as
    /// often as a call is attempted. Gives the failures that are left.
    ///
    /// `round` sends the entries of some indices. An entry of which `isOrdered` is true is never sent again by itself:
    /// it would come after those that should follow it.
    func sendBatch(
        _ operation: Operation, count: Int, isOrdered: (Int) -> Bool = { _ in false },
        round: ([Int]) async throws(AWSError) -> [BatchFailure]
    ) async throws(AWSError) -> [BatchFailure] {
        let policy = policy(for: operation.service)
        let quota = quotas[operation.service]
        var final: [BatchFailure] = []
        var pending = Array(0..<count)
        var attempt = 1
        while true {
            let failed = try await round(pending)
            guard failed.allSatisfy({ pending.contains($0.index) }) else {
                throw operation.malformed("a failed entry names no entry of the batch")
            }
            let (again, settled) = failed.partitioned { failure in
                attempt < policy.maximumAttempts && !isOrdered(failure.index)
                    && (failure.verdict == .transient || failure.verdict == .throttling)
            }
            final += settled
            if again.isEmpty { break }
            let verdict =
                again.contains { $0.verdict == .throttling } ? RetryPolicy.Verdict.throttling : .transient
            guard quota.take(for: verdict) != nil else {
                final += again
                break
            }
            let delay = policy.delay(
                retry: attempt - 1, verdict: verdict, random: clock.random(), hint: nil)
            guard try await backOff(delay, operation) else {
                final += again
                break
            }
            pending = again.map(\.index)
            attempt += 1
        }
        return final.sorted { $0.index < $1.index }
    }
}

extension Array {
    /// Those that are, and those that are not.
    fileprivate func partitioned(_ isIncluded: (Element) -> Bool) -> ([Element], [Element]) {
        (filter(isIncluded), filter { !isIncluded($0) })
    }
}
