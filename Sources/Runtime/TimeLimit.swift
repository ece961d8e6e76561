/// When an invocation's handler is cancelled, and when it is given up.
///
/// Lambda kills the process at the deadline without a word to whoever waits for the answer. So the handler is cancelled a margin before it,
/// and half of that later its error is posted even if the handler goes on.
struct TimeLimit: Sendable, Hashable {
    /// From the event's arrival to the handler's cancellation.
    let untilCancellation: Duration
    /// From there until nobody waits for the handler any more.
    let patience: Duration
    /// From the event's arrival to its deadline.
    let untilDeadline: Duration

    /// The margin, which is at most a tenth of the time there is: a function of one second has 0.1 s of it.
    static let standardMargin = Duration.milliseconds(500)

    /// `remaining` until the deadline; nil = no limit, when `margin` is zero, or when the deadline has passed: an event that arrives
    /// after it comes from a clock that disagrees with this one, since Lambda would have killed the process already.
    init?(remaining: Duration, margin: Duration) {
        // In attoseconds: `Duration`'s own division takes a thousand instructions.
        let margin = min(margin.attoseconds, remaining.attoseconds / 10)
        guard margin > 0 else { return nil }
        untilCancellation = remaining - Duration(attoseconds: margin)
        patience = Duration(attoseconds: margin / 2)
        untilDeadline = remaining
    }
}
