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
    }

    private let contents = Mutex(Contents())

    /// True when the loop sleeps and has to be woken by the caller.
    func put(_ work: LoopWork) -> Bool {
        contents.withLock { contents in
            contents.work.append(work)
            let mustWake = contents.ownerSleeps
            contents.ownerSleeps = false
            return mustWake
        }
    }

    /// Moves everything to the end of `list`.
    func empty(into list: inout [LoopWork]) {
        // Not inside the closure: the list may be long, and releasing the lock early costs nothing.
        let work = contents.withLock { contents in
            let work = contents.work
            if !work.isEmpty { contents.work = [] }
            return work
        }
        if !work.isEmpty { list += work }
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
