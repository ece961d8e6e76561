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
        var ownerSleeps = false
        var isClosed = false
    }

    private let contents = Mutex(Contents())

    /// True when the loop sleeps and has to be woken by the caller.
    func put(_ work: LoopWork) -> Bool {
        contents.withLock { contents in
            if contents.isClosed { return false }
            contents.work.append(work)
            let mustWake = contents.ownerSleeps
            contents.ownerSleeps = false
            return mustWake
        }
    }

    /// Everything that was left there, which is nobody else's any more.
    func take() -> [LoopWork] {
        contents.withLock { contents in
            let work = contents.work
            if !work.isEmpty { contents.work = [] }
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
        contents.withLock { contents in
            contents.ownerSleeps = contents.work.isEmpty
            return contents.ownerSleeps
        }
    }

    /// The loop is awake: nobody needs to wake it.
    func awake() {
        contents.withLock { $0.ownerSleeps = false }
    }
}
