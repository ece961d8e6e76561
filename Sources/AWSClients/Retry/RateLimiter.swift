import Glibc

/// The client-side rate of `adaptive` mode: off until the service throttles, then a token bucket whose rate follows
/// CUBIC, the curve of TCP's congestion control (RFC 9438), between what was throttled last and what is being sent.
/// As in the AWS SDKs, one for each service.
final class RateLimiter: Sendable {
    /// Requests in a second at the least.
    static let minimumRate = 0.5
    private static let smoothing = 0.8
    /// What is left of the rate after a throttling.
    private static let beta = 0.7
    /// How steeply the rate grows again.
    private static let scale = 0.4

    /// Times are seconds on the clock that the caller reads.
    private struct State {
        var isOn = false
        // The bucket.
        var rate = RateLimiter.minimumRate
        var capacity = 1.0
        var tokens = 0.0
        var filledAt: Double
        // What is being sent, measured in half seconds.
        var measuredRate = 0.0
        var halfSecond: Double
        var count = 0
        // The curve.
        var lastMaximum = 0.0
        var throttledAt: Double
    }

    private let state: Locked<State>

    init(start: Duration) {
        let start = Self.seconds(start)
        state = Locked(State(filledAt: start, halfSecond: floor(start), throttledAt: start))
    }

    var measuredRate: Double { state.withLock { $0.measuredRate } }
    var rate: Double { state.withLock { $0.rate } }

    /// Takes a token. nil when it was there or none is needed yet; else how long until it will be.
    func acquire(at now: Duration) -> Duration? {
        let now = Self.seconds(now)
        return state.withLock { state in
            guard state.isOn else { return nil }
            Self.fill(&state, now)
            guard state.tokens < 1 else {
                state.tokens -= 1
                return nil
            }
            // Rounded up: a wait that ends too early only waits again.
            return .nanoseconds(Int64(((1 - state.tokens) / state.rate * 1e9).rounded(.up)))
        }
    }

    /// Takes over what an attempt's end says.
    func observe(isThrottled: Bool, at now: Duration) {
        let now = Self.seconds(now)
        state.withLock { state in
            Self.measure(&state, now)
            let calculated: Double
            if isThrottled {
                let current = state.isOn ? min(state.measuredRate, state.rate) : state.measuredRate
                state.lastMaximum = current
                state.throttledAt = now
                state.isOn = true
                calculated = current * Self.beta
            } else {
                // Where the curve comes back to the rate that was throttled.
                let plateau = cbrt(state.lastMaximum * (1 - Self.beta) / Self.scale)
                let distance = now - state.throttledAt - plateau
                calculated = Self.scale * distance * distance * distance + state.lastMaximum
            }
            Self.fill(&state, now)
            let rate = min(calculated, 2 * state.measuredRate)
            state.rate = max(rate, Self.minimumRate)
            state.capacity = max(rate, 1)
            state.tokens = min(state.tokens, state.capacity)
        }
    }

    private static func fill(_ state: inout State, _ now: Double) {
        state.tokens = min(state.capacity, state.tokens + max(now - state.filledAt, 0) * state.rate)
        state.filledAt = now
    }

    private static func measure(_ state: inout State, _ now: Double) {
        state.count += 1
        let halfSecond = floor(now * 2) / 2
        guard halfSecond > state.halfSecond else { return }
        let rate = Double(state.count) / (halfSecond - state.halfSecond)
        state.measuredRate = rate * smoothing + state.measuredRate * (1 - smoothing)
        state.count = 0
        state.halfSecond = halfSecond
    }

    private static func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
}

/// One limiter a service.
final class RateLimiters: Sendable {
    private let limiters = Locked<[Service: RateLimiter]>([:])
    private let start: Duration

    init(start: Duration) { self.start = start }

    subscript(service: Service) -> RateLimiter {
        limiters.withLock { limiters in
            if let limiter = limiters[service] { return limiter }
            let limiter = RateLimiter(start: start)
            limiters[service] = limiter
            return limiter
        }
    }
}
