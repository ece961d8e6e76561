import Time

/// How long a call may take, fixed when it begins: its own limit, or the end of the invocation that makes it, whichever
/// is first.
struct TimeLimit: Sendable {
    /// Kept free before the end of the invocation, so that its handler can still say what went wrong.
    static let margin = Duration.milliseconds(300)

    private let operation: Operation
    /// On the clock's `elapsed`.
    private let end: Duration
    /// The invocation's end, less the margin; bounds a stream, which has no limit of its own.
    private let invocationEnd: Duration?

    /// Throws `deadlineExceeded` when there is no time left for any attempt.
    init(
        for call: Call, _ configuration: AWSClient.Configuration, _ clock: AWSClient.Clock
    ) throws(AWSError) {
        operation = call.operation
        let now = clock.elapsed()
        let left = clock.timeLeft()
        if let left, left <= Self.margin {
            throw operation.error(
                .deadlineExceeded,
                "the invocation ends in \(max(left, .zero).milliseconds) ms; no call is begun in its last "
                    + "\(Self.margin.milliseconds) ms")
        }
        invocationEnd = left.map { now + $0 - Self.margin }
        let own = now + configuration.callTimeout + call.longPoll
        end = invocationEnd.map { min($0, own) } ?? own
    }

    /// The limit of an attempt that begins now; nil = none. Throws `deadlineExceeded` when the time is up.
    func timeout(
        of call: Call, _ configuration: AWSClient.Configuration, at now: Duration
    ) throws(AWSError) -> Duration? {
        guard now < end else {
            throw operation.error(.deadlineExceeded, "no time is left for an attempt")
        }
        if call.streams { return invocationEnd.map { $0 - now } }
        return min(configuration.attemptTimeout + call.longPoll, end - now)
    }

    func remaining(at now: Duration) -> Duration { end - now }

    /// Whether a pause would end before the call's time does.
    func leavesTime(after pause: Duration, at now: Duration) -> Bool { now + pause < end }
}
