/// A limit of time for stretches that nearly always end before it, one after another: the loop's timer stays when a stretch
/// ends, and is set anew only when it fires too early. A stretch costs a reading of the clock, and not a timer.
///
/// `@unchecked Sendable`: used on the loop's thread only.
public final class Watchdog: @unchecked Sendable {
    private let loop: EventLoop
    /// Of the stretch at hand.
    private var limit: ContinuousClock.Instant?
    private var action: (() -> Void)?
    private var timer: (id: TimerQueue.ID, due: ContinuousClock.Instant)?

    /// One that watches nothing yet.
    public init(on loop: EventLoop) { self.loop = loop }

    /// Begins a stretch: `action` runs on the loop after `duration`, once, or when the loop shuts down, unless `stop` comes first.
    public func start(_ duration: Duration, _ action: @escaping () -> Void) {
        let limit = ContinuousClock.now.advanced(by: duration)
        self.limit = limit
        self.action = action
        if let timer {
            if timer.due <= limit { return }
            loop.cancelTimer(timer.id)
        }
        arm(limit)
    }

    /// Ends a stretch.
    public func stop() {
        limit = nil
        action = nil
    }

    private func arm(_ due: ContinuousClock.Instant) {
        timer = (loop.addTimer(at: due) { [self] in look() }, due)
    }

    private func look() {
        timer = nil
        guard let limit else { return }
        if !loop.isAbandoned, limit > .now { return arm(limit) }
        let action = action
        stop()
        action?()
    }
}
