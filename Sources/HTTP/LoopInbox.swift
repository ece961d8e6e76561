import Synchronization

/// Work for a loop: a Swift job, or a closure of this module's own.
enum LoopWork: Sendable {
    case job(UnownedJob)
    case action(@Sendable () -> Void)
}

/// Where other threads leave work for a loop. The only state of a loop that two threads touch.
final class LoopInbox: Sendable {
    private struct Contents {
        var work: [LoopWork] = []
        var isClosed = false
    }

    private let contents = Mutex(Contents())
    /// What the loop looks at in each of its turns, without the lock: whether there is work, and whether it sleeps. Never both: who leaves
    /// work wakes it, and it does not go to sleep over work.
    private let state = Atomic<UInt8>(State.idle)

    private enum State {
        static let idle: UInt8 = 0
        static let hasWork: UInt8 = 1
        static let sleeps: UInt8 = 2
    }

    /// True when the loop sleeps and has to be woken by the caller.
    func put(_ work: LoopWork) -> Bool {
        contents.withLock { contents in
            if contents.isClosed { return false }
            contents.work.append(work)
            return state.exchange(State.hasWork, ordering: .acquiringAndReleasing) == State.sleeps
        }
    }

    /// Everything that was left there, which is nobody else's any more.
    func take() -> [LoopWork] {
        guard state.load(ordering: .acquiring) == State.hasWork else { return [] }
        return contents.withLock { contents in
            let work = contents.work
            contents.work = []
            state.store(State.idle, ordering: .releasing)
            return work
        }
    }

    /// The loop has ended: what is left here, and what comes later, would keep the loop for ever that it belongs to.
    func close() {
        // Given up outside of the lock: what an action held may leave work here when it goes.
        _ = contents.withLock { contents in
            let work = contents.work
            contents.work = []
            contents.isClosed = true
            return work
        }
    }

    /// Says that the loop is about to sleep; false when there is work, so that it must not.
    func prepareToSleep() -> Bool {
        state.compareExchange(
            expected: State.idle, desired: State.sleeps, ordering: .acquiringAndReleasing
        ).exchanged
    }

    /// The loop is awake: nobody needs to wake it.
    func awake() {
        guard state.load(ordering: .relaxed) == State.sleeps else { return }
        // Unless somebody leaves work just now, and wakes it for nothing.
        _ = state.compareExchange(
            expected: State.sleeps, desired: State.idle, ordering: .acquiringAndReleasing)
    }
}
