import Testing
import Time

@testable import Handlers

/// `lifecycle.md`, as far as one pure function decides it.
@Suite struct JobTransitionTests {
    private let later = Sample.start + .seconds(60)
    private let failure = Job.Failure(.nodeFailed, "a node failed")
    private let lost = Job.Failure(.workerLost, "the worker is gone")

    @Test func aClaimTakesTheRunAndTheLeaseIsWhenTheSweepLooks() throws {
        let job = try Sample.claimed()
        #expect(job.state == .running)
        #expect(job.run == Sample.run)
        #expect(job.version == 1)
        #expect(job.attempt == 0)
        #expect(job.startedAt == nil)
        #expect(job.dueAt == Sample.start + .seconds(46))
    }

    @Test func anAttemptCountsFromSubmission() throws {
        let job = try Sample.submitted()
        #expect(job.attempt == 1)
        #expect(job.startedAt == Sample.start + .seconds(2))
        #expect(job.run?.promptID == "prompt-1")
        #expect(job.attempts == [.init(worker: "w-1", startedAt: Sample.start + .seconds(2))])
    }

    @Test func aReleasedClaimIsNoAttempt() throws {
        let transition = try Sample.claimed().transition(.released, at: later)
        #expect(transition.job.state == .queued)
        #expect(transition.job.attempt == 0)
        #expect(transition.job.attempts == [])
        #expect(transition.job.run == nil)
        #expect(transition.job.notBefore == nil)
        #expect(transition.forbidsCancelMark)
    }

    /// What a claim counts it is as if it had been counted afterwards; given back, as if it had not been.
    @Test func aClaimThatNamesItsPromptCountsTheAttempt() throws {
        var run = Sample.run
        let queued = Sample.queued()
        let inTwoSteps = try queued.transition(.claimed(run), at: later).job
            .transition(.submitted(promptID: "p", clientID: "c"), at: later).job
        (run.promptID, run.clientID) = ("p", "c")
        let claimed = try queued.transition(.claimed(run), at: later).job
        #expect(claimed == inTwoSteps)
        #expect(claimed.attempt == 1)
        let released = try claimed.transition(.released, at: later).job
        #expect(released.attempt == 0)
        #expect(released.attempts.isEmpty)
        #expect(released.startedAt == nil)
        #expect(released.state == .queued)
        #expect(released.run == nil)
    }

    @Test func aLostWorkerRequeuesWithBackoffAndKeepsTheAge() throws {
        let transition = try Sample.submitted().transition(
            .attemptFailed(lost, delay: .seconds(2)), at: later)
        let job = transition.job
        #expect(job.state == .queued)
        #expect(job.queuedAt == Sample.start)
        #expect(job.notBefore == later + .seconds(2))
        #expect(job.dueAt == later + .seconds(32))
        #expect(job.attempts.last?.error == .workerLost)
        #expect(job.attempts.last?.endedAt == later)
        #expect(!job.notificationPending)
        #expect(transition.forbidsCancelMark)
    }

    @Test func theThirdLostAttemptFails() throws {
        var job = try Sample.submitted()
        for _ in 0..<2 {
            job = try job.transition(.attemptFailed(lost, delay: .seconds(1)), at: later).job
            job = try job.transition(.claimed(Sample.run), at: later).job
            job = try job.transition(.submitted(promptID: "p", clientID: "c"), at: later).job
        }
        #expect(job.attempt == 3)
        job = try job.transition(.attemptFailed(lost, delay: .seconds(1)), at: later).job
        #expect(job.state == .failed)
        #expect(job.failure == lost)
        #expect(job.notificationPending)
    }

    @Test func timeoutsCountFromTheFirstAttempt() throws {
        var job = try Sample.submitted()
        job = try job.transition(.attemptFailed(lost, delay: .zero), at: later).job
        job = try job.transition(.claimed(Sample.run), at: later).job
        job = try job.transition(.submitted(promptID: "p", clientID: "c"), at: later).job
        #expect(job.startedAt == Sample.start + .seconds(2))
    }

    @Test func resumingIsNoAttemptAndChangesTheToken() throws {
        let job = try Sample.submitted().transition(.resumed(token: "token-2"), at: later).job
        #expect(job.attempt == 1)
        #expect(job.run?.token == "token-2")
        #expect(job.run?.promptID == "prompt-1")
        #expect(job.dueAt == later + .seconds(45))
    }

    @Test func cancellingAQueuedJobEndsItAtOnce() throws {
        let transition = try Sample.queued().transition(.cancelRequested, at: later)
        #expect(transition.job.state == .cancelled)
        #expect(transition.job.cancelRequestedAt == later)
        #expect(transition.job.notificationPending)
    }

    @Test func cancellingARunningJobOnlyMarksIt() throws {
        let before = try Sample.submitted()
        let transition = try before.transition(.cancelRequested, at: later)
        #expect(transition.job.state == .running)
        #expect(transition.job.version == before.version)
        #expect(transition.job.cancelRequestedAt == later)
        #expect(!transition.demandsVersion)
        let again = try transition.job.transition(.cancelRequested, at: later + .seconds(9))
        #expect(again.job.cancelRequestedAt == later)
    }

    @Test func aMarkedJobIsNotClaimed() throws {
        var job = Sample.queued()
        job.cancelRequestedAt = later
        #expect(throws: TransitionRefused(state: .queued)) {
            try job.transition(.claimed(Sample.run), at: later)
        }
    }

    @Test func everyFinalStateIsToBeAnnounced() throws {
        let running = try Sample.submitted()
        let ends: [(Job, JobEvent, Job.State)] = [
            (running, .completed([Sample.output]), .completed),
            (running, .failed(failure, outputs: []), .failed),
            (running, .cancelled, .cancelled),
            (Sample.queued(), .cancelRequested, .cancelled),
            (Sample.queued(), .waitedTooLong, .failed),
        ]
        for (job, event, state) in ends {
            let ended = try job.transition(event, at: later).job
            #expect(ended.state == state)
            #expect(ended.notificationPending)
            #expect(ended.dueAt == later)
            #expect(ended.completedAt == later)
            #expect(ended.run == nil)
            #expect(ended.expiresAt == later + .seconds(30 * 86_400))
            let announced = try ended.transition(.announced, at: later).job
            #expect(announced.dueAt == nil)
            #expect(!announced.notificationPending)
            #expect(throws: TransitionRefused(state: state)) {
                try announced.transition(.announced, at: later)
            }
        }
    }

    /// Walks every sequence of events from a new job, to a depth that reaches all states, and holds the invariants at each step.
    @Test func noSequenceOfEventsLeavesAFinalStateOrForgetsToAnnounce() throws {
        let events: [JobEvent] = [
            .claimed(Sample.run), .submitted(promptID: "p", clientID: "c"), .released,
            .resumed(token: "token-2"),
            .attemptFailed(lost, delay: .seconds(1)), .completed([Sample.output]),
            .failed(failure, outputs: []), .cancelRequested, .cancelled, .waitedTooLong, .announced,
            .deferred(until: later),
        ]
        var seen: Set<Job> = [Sample.queued()]
        var frontier = [Sample.queued()]
        var finals: Set<Job.State> = []
        for _ in 0..<9 {
            var next: [Job] = []
            for job in frontier {
                for event in events {
                    guard let transition = try? job.transition(event, at: later) else { continue }
                    let after = transition.job
                    if job.state.isFinal { #expect(after.state == job.state, "\(event)") }
                    if after.state.isFinal, !job.state.isFinal { #expect(after.notificationPending) }
                    #expect((after.state == .running) == (after.run != nil), "\(event)")
                    #expect(after.dueAt != nil || (after.state.isFinal && !after.notificationPending))
                    #expect(after.attempt <= JobPolicy().attempts)
                    if job.cancelRequestedAt != nil, after.state == .queued, job.state == .running {
                        #expect(transition.forbidsCancelMark, "\(event)")
                    }
                    if after.state.isFinal { finals.insert(after.state) }
                    if seen.insert(after).inserted { next.append(after) }
                }
            }
            frontier = next
        }
        #expect(finals == [.completed, .failed, .cancelled])
    }
}
