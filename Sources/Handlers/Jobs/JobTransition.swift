import JSON
import Time

/// What can happen to a job.
enum JobEvent: Sendable, Hashable {
    /// A dispatcher that holds a slot takes a queued job. With a prompt id in the run its attempt counts at once: nothing is left to
    /// do before `POST /prompt`.
    case claimed(Job.Run)
    /// The run is about to send `POST /prompt`: the attempt counts from here.
    case submitted(promptID: String, clientID: String)
    /// The claim came to nothing before `POST /prompt` was sent (the worker or the slot was gone): no attempt. Of one that is counted
    /// only who claimed it can know that.
    case released
    /// Another run takes over the prompt (hand-off, or a lease that ran out). No attempt.
    case resumed(token: String)
    /// Trouble that is not the workflow's: again, elsewhere, after `delay`, while attempts are left.
    case attemptFailed(Job.Failure, delay: Duration)
    case completed([Job.Output])
    /// `outputs`: what exists all the same.
    case failed(Job.Failure, outputs: [Job.Output])
    case cancelRequested
    /// The run confirms that the worker has let go of it.
    case cancelled
    /// Waits in the queue for longer than allowed: for its first worker, or beyond its own time for another one.
    case waitedTooLong
    /// The first of its parts to run began then.
    case partStarted(Timestamp)
    /// All of its parts have ended, as they are here.
    case partsEnded([Job])
    /// The completion was published; of a part, its job has taken it in.
    case announced
    /// Its user wants it no more.
    case deleted
    /// Everything that a deleted job left has been removed.
    case erased
    /// The sweep looked, and wants to look again.
    case deferred(until: Timestamp)
}

/// A transition's outcome: the job after it, and under which conditions it may be written.
struct JobTransition: Sendable, Hashable {
    /// The job as it shall be.
    var job: Job
    /// The write also demands that nobody asked to cancel meanwhile: a cancelled job is never requeued.
    var forbidsCancelMark = false
    /// False for marks, which must not collide with a transition of somebody else's: they are conditional on the state alone.
    var demandsVersion = true
}

/// The event does not apply to a job in this state: somebody else was first.
struct TransitionRefused: Error, Sendable, Hashable {
    /// The state it was found in.
    var state: Job.State
}

/// How many attempts a job has, and how long a result is kept.
struct JobPolicy: Sendable, Hashable {
    /// `JOB_ATTEMPTS`.
    var attempts = 3
    /// `RESULT_DAYS`.
    var retention: Duration = .seconds(30 * 86_400)
    /// How long a deleted job's item is kept: longer than an `Idempotency-Key` holds, so that a request that comes again
    /// does not make the job again, and than its webhook is tried for.
    static let tombstone: Duration = .seconds(48 * 3600)
    /// How soon the sweep looks after a job whose doorbell may be lost, or whose run may have died.
    var attention: Duration = .seconds(30)
    /// A run's lease, `LEASE_SECONDS`.
    var lease: Duration = .seconds(45)
    /// The defaults.
    init() {}
}

extension Job {
    /// The law: what `event` makes of this job at `now`. Pure, so that a test can explore every interleaving.
    func transition(_ event: JobEvent, at now: Timestamp, policy: JobPolicy = JobPolicy())
        throws(TransitionRefused) -> JobTransition
    {
        var next = JobTransition(job: self)
        next.job.version += 1
        // What is run in parts takes no part in a run itself.
        if hasParts, event.isOfARun { throw TransitionRefused(state: state) }
        switch (state, event) {
        case (.queued, .claimed(let run)):
            guard cancelRequestedAt == nil else { throw TransitionRefused(state: state) }
            next.job.state = .running
            next.job.run = run
            next.job.dueAt = now + policy.lease
            if run.promptID != nil {
                // Two steps in one write, and the job is afterwards what it is after both.
                next.job.version += 1
                next.job.beginAttempt(at: now)
            }

        case (.running, .submitted(let promptID, let clientID)) where run?.promptID == nil:
            next.job.run?.promptID = promptID
            next.job.run?.clientID = clientID
            next.job.beginAttempt(at: now)

        case (.running, .released):
            if run?.promptID != nil { next.job.forgetAttempt() }
            next.job.requeue(at: now, after: .zero, policy)
            next.forbidsCancelMark = true

        case (.running, .resumed(let token)):
            next.job.run?.token = token
            next.job.dueAt = now + policy.lease

        case (.running, .attemptFailed(let failure, let delay)):
            next.job.endAttempt(failure.code, at: now)
            if attempt >= policy.attempts {
                next.job.end(.failed, at: now, policy)
                next.job.failure = failure
            } else {
                next.job.requeue(at: now, after: delay, policy)
                next.forbidsCancelMark = true
            }

        case (.running, .completed(let outputs)):
            next.job.endAttempt(nil, at: now)
            next.job.end(.completed, at: now, policy)
            next.job.outputs = outputs

        case (.running, .failed(let failure, let outputs)):
            next.job.endAttempt(failure.code, at: now)
            next.job.end(.failed, at: now, policy)
            next.job.failure = failure
            next.job.outputs = outputs

        case (.queued, .partStarted(let time)) where hasParts:
            next.job.state = .running
            next.job.startedAt = time
            next.job.dueAt = now + policy.attention

        case (.queued, .partsEnded(let parts)) where hasEnded(in: parts),
            (.running, .partsEnded(let parts)) where hasEnded(in: parts):
            let family = JobFamily(job: self, parts: parts)
            next.job.end(family.endState, at: now, policy)
            next.job.startedAt = startedAt ?? family.startedAt
            next.job.attempts = family.attempts
            next.job.outputs = family.outputs
            next.job.failure = family.failure
            // Who stopped a part decides how the job ends, and a mark may have come since the job was read.
            next.forbidsCancelMark =
                cancelRequestedAt == nil && parts.contains { $0.state == .cancelled }

        case (.queued, .cancelRequested) where hasParts, (.running, .cancelRequested) where hasParts:
            // Its parts are asked next, and should that not come about, by the sweep.
            next.job.version = version
            next.job.cancelRequestedAt = cancelRequestedAt ?? now
            next.job.dueAt = now
            next.demandsVersion = false

        case (.queued, .cancelRequested):
            next.job.cancelRequestedAt = now
            next.job.end(.cancelled, at: now, policy)

        case (.running, .cancelRequested):
            next.job.version = version
            next.job.cancelRequestedAt = cancelRequestedAt ?? now
            next.demandsVersion = false

        case (.running, .cancelled):
            next.job.endAttempt(.cancelled, at: now)
            next.job.end(.cancelled, at: now, policy)

        case (.queued, .waitedTooLong):
            next.job.end(.failed, at: now, policy)
            next.job.failure = timeoutFailure

        case (.completed, .announced), (.failed, .announced), (.cancelled, .announced):
            guard notificationPending else { throw TransitionRefused(state: state) }
            next.job.notificationPending = false
            if deletedAt == nil { next.job.dueAt = nil }

        case (.completed, .deleted), (.failed, .deleted), (.cancelled, .deleted):
            guard deletedAt == nil, id.part == nil else { throw TransitionRefused(state: state) }
            next.job.deletedAt = now
            next.job.dueAt = now + policy.attention
            next.job.expiresAt = max(expiresAt ?? now, now + JobPolicy.tombstone)

        case (.completed, .erased), (.failed, .erased), (.cancelled, .erased):
            guard deletedAt != nil, !notificationPending, dueAt != nil else {
                throw TransitionRefused(state: state)
            }
            next.job.forgetContent()
            next.job.dueAt = nil
            next.job.expiresAt = now + JobPolicy.tombstone

        case (_, .deferred(let time)) where !state.isFinal || notificationPending:
            next.job.version = version
            next.job.dueAt = time

        default:
            throw TransitionRefused(state: state)
        }
        if !state.isFinal, next.job.givesBack { next.job.charge?.isReturned = true }
        return next
    }

    /// Whether these are all of its parts, and all final.
    private func hasEnded(in parts: [Job]) -> Bool {
        hasParts && parts.map(\.id.part) == Array(partNodes.indices) && parts.allSatisfy(\.state.isFinal)
    }

    private mutating func requeue(at now: Timestamp, after delay: Duration, _ policy: JobPolicy) {
        state = .queued
        run = nil
        notBefore = delay > .zero ? now + delay : nil
        dueAt = now + delay + policy.attention
    }

    private mutating func end(_ final: State, at now: Timestamp, _ policy: JobPolicy) {
        state = final
        run = nil
        notBefore = nil
        completedAt = now
        notificationPending = true
        dueAt = now
        expiresAt = now + policy.retention
    }

    /// What is left tells that there was a job, whose it was and how it ended.
    private mutating func forgetContent() {
        outputs = []
        hasMetadata = false
        seed = nil
        failure?.details = nil
    }

    private mutating func beginAttempt(at now: Timestamp) {
        attempt += 1
        startedAt = startedAt ?? now
        attempts.append(Attempt(worker: run?.worker ?? "", startedAt: now))
    }

    /// The last one never came about.
    private mutating func forgetAttempt() {
        attempt = max(0, attempt - 1)
        _ = attempts.popLast()
        if attempts.isEmpty { startedAt = nil }
    }

    private mutating func endAttempt(_ error: Failure.Code?, at now: Timestamp) {
        guard let last = attempts.indices.last, attempts[last].endedAt == nil else { return }
        attempts[last].endedAt = now
        attempts[last].error = error
    }
}

extension JobEvent {
    /// Of a run, or of the wait for one.
    fileprivate var isOfARun: Bool {
        switch self {
        case .claimed, .submitted, .released, .resumed, .attemptFailed, .completed, .failed, .cancelled,
            .waitedTooLong:
            true
        case .cancelRequested, .partStarted, .partsEnded, .announced, .deleted, .erased, .deferred: false
        }
    }
}
