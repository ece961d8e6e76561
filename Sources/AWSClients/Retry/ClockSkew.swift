import HTTP
import Time

/// How far the local clock is behind the services' clock, learnt from their answers and remembered.
final class ClockSkew: Sendable {
    /// `Date` has whole seconds: smaller differences are noise.
    static let resolution = Duration.seconds(2)

    private let state = Locked(Duration.zero)

    /// To be added to the local clock.
    var offset: Duration { state.withLock { $0 } }

    /// Takes over what an answer's `Date` says, when it differs from what is known by more than its own uncertainty:
    /// half the round trip and the resolution. True when the offset changed. An answer with `Age` comes from a cache.
    @discardableResult
    func observe(_ headers: HTTPHeaders, sent: Timestamp, received: Timestamp) -> Bool {
        guard headers["age"] == nil, let text = headers["date"], let date = Timestamp(httpDate: text),
            received >= sent
        else { return false }
        let half = (received - sent) / 2
        // The second that `Date` names has begun: its middle is the best guess.
        let measured = (date + .milliseconds(500)) - (sent + half)
        return state.withLock { offset in
            let difference = measured > offset ? measured - offset : offset - measured
            guard difference > Self.resolution + half else { return false }
            offset = measured
            return true
        }
    }
}
