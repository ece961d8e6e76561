// What tasks and this module's own parts wait for on a loop: time, and descriptors that are not libcurl's.
extension EventLoop {
    // MARK: Timers

    /// The loop's own timer: no other thread wakes. Throws CancellationError.
    public func sleep(for duration: Duration) async throws {
        let deadline = ContinuousClock.now.advanced(by: duration)
        try await suspend { suspension in
            let id = self.timers.add(deadline) { self.finish(suspension) }
            suspension.withdraw = { self.timers.cancel(id) }
        }
    }

    /// What was waited for has come, unless it is the loop's end that frees the task.
    private func finish(_ suspension: Suspension) {
        if isAbandoned { suspension.fail(CancellationError()) } else { suspension.resume() }
    }

    /// On the loop's thread: runs `action` there after `duration`, or when the loop shuts down. Costs less than a task that
    /// sleeps.
    public func addTimer(after duration: Duration, _ action: @escaping () -> Void) -> TimerID {
        timers.add(ContinuousClock.now.advanced(by: duration), action)
    }

    /// On the loop's thread: runs `action` when `deadline` has come.
    func addTimer(at deadline: ContinuousClock.Instant, _ action: @escaping () -> Void) -> TimerQueue.ID {
        timers.add(deadline, action)
    }

    /// On the loop's thread: forgets a timer; nothing when it has fired.
    public func cancelTimer(_ id: TimerID) {
        timers.cancel(id)
    }

    // MARK: Descriptors

    /// What to wait for on a descriptor.
    public enum Readiness: Sendable {
        /// There is something to read, or the end of it.
        case readable
        /// There is room to write.
        case writable
        /// The peer has closed its side of the connection, whether or not there is still something to read.
        case hangUp
    }

    /// A descriptor that cannot be waited for: it is not open, or a plain file, which is always ready.
    public struct UnwatchableDescriptor: Error, Sendable {
        /// The descriptor.
        public let descriptor: Int32
    }

    /// Suspends until the descriptor is ready. Throws CancellationError, or `UnwatchableDescriptor`. The descriptor
    /// must stay open until this returns.
    public func wait(for readiness: Readiness, of descriptor: Int32) async throws {
        try await suspend { suspension in
            let id = self.descriptors.add(descriptor, readiness) { self.finish(suspension) }
            guard let id else {
                suspension.fail(UnwatchableDescriptor(descriptor: descriptor))
                return
            }
            suspension.withdraw = { self.descriptors.remove(descriptor, id) }
        }
    }

    /// On the loop's thread: runs `action` once when the descriptor is ready; nil when it cannot be watched.
    func once(_ readiness: Readiness, of descriptor: Int32, _ action: @escaping () -> Void) -> UInt64? {
        descriptors.add(descriptor, readiness, action)
    }

    /// On the loop's thread: takes back what `once` gave.
    func cancelWait(_ id: UInt64, of descriptor: Int32) {
        descriptors.remove(descriptor, id)
    }

    /// On the loop's thread: runs `action` each time the descriptor is readable.
    func watch(_ descriptor: Int32, _ action: @escaping () -> Void) -> UInt64? {
        descriptors.add(descriptor, .readable, isPersistent: true, action)
    }
}
