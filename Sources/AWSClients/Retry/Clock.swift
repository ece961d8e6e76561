public import HTTP
public import Time

extension AWSClient {
    /// Time and chance as the client sees them, so that a test needs neither.
    public struct Clock: Sendable {
        /// The local wall clock, not corrected.
        public var now: @Sendable () -> Timestamp
        /// Time since some moment, never set back: measures the limits.
        public var elapsed: @Sendable () -> Duration
        /// Waits. Throws when the task is cancelled.
        public var sleep: @Sendable (Duration) async throws -> Void
        /// From 0 up to 1.
        public var random: @Sendable () -> Double
        /// Until the end of the invocation that makes the call; nil = there is none.
        public var timeLeft: @Sendable () -> Duration?

        /// A clock of its own making.
        public init(
            now: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration,
            sleep: @escaping @Sendable (Duration) async throws -> Void,
            random: @escaping @Sendable () -> Double,
            timeLeft: @escaping @Sendable () -> Duration? = { nil }
        ) {
            self.now = now
            self.elapsed = elapsed
            self.sleep = sleep
            self.random = random
            self.timeLeft = timeLeft
        }

        /// The system's clocks and the loop's timer.
        public static func system(_ loop: EventLoop) -> Clock {
            let start = ContinuousClock.now
            return Clock(
                now: { .now }, elapsed: { start.duration(to: .now) },
                sleep: { try await loop.sleep(for: $0) }, random: { Double.random(in: 0..<1) },
                timeLeft: { CallContext.current?.deadline.map { ContinuousClock.now.duration(to: $0) } })
        }
    }
}
