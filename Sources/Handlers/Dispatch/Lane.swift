import AWSClients
import ComfyUI
import JSON
import Telemetry
import Time

/// Job after job on one slot, until nothing is queued or the invocation is nearly over.
///
/// A worker costs as long as it idles, so between two jobs it waits for as little as can be: the next job is read when the last one is
/// nearly over (`NextJob`), and a job's end is told of while the next one runs.
struct Lane: Sendable {
    let services: Services
    let registry: WorkerRegistry
    let slots: SlotPool
    let queue: JobQueue
    let runner: JobRunner
    let slot: HeldSlot
    /// Another worker could take what failed here.
    let elsewhere: Bool
    /// Of the invocation, by the local clock.
    let deadline: Timestamp

    /// What a lane begins with.
    enum Start: Sendable {
        /// The job that was chosen for the slot; when somebody else has it by now, another one is taken.
        case offered(Candidate)
        /// A job that runs on the slot already.
        case claimed(Job)
    }

    /// What happened on the slot.
    struct Filled: Sendable {
        /// The worker as it is now: which checkpoint it ran last.
        var worker: Worker
        var jobs = 0
        /// The slot was given back because nothing is queued.
        var isDrained = false
    }

    /// How long a lane may go on before it looks again whether its worker is to get no more jobs.
    private static let lookAgain: Duration = .seconds(10)

    /// Runs jobs on the slot. Returns when the slot is given back, or left to its job, and all ends are told.
    func run(_ start: Start) async throws(AWSError) -> Filled {
        try await withTaskGroup(of: Void.self) { telling in
            await fill(start, telling: &telling)
        }.get()
    }

    private func fill(_ start: Start, telling: inout TaskGroup<Void>) async -> Result<Filled, AWSError> {
        do throws(AWSError) {
            return .success(try await jobAfterJob(start, telling: &telling))
        } catch {
            return .failure(error)
        }
    }

    /// What a slot will be offered next.
    private enum Foresight {
        /// Nobody has looked.
        case unknown
        case nothing
        case job(NextJob)

        var isNothing: Bool { if case .nothing = self { true } else { false } }
    }

    /// Where a lane is.
    private struct Course {
        var slot: HeldSlot
        /// What it begins with, until that is used.
        var start: Start?
        var next = Foresight.unknown
        /// It began with a job that was taken over: the dispatcher does not look once more when its slot is given back.
        var isTakenOver = false
        /// The worker has just answered.
        var isAsked = false
        /// When the worker was looked at last.
        var lookedAt: Timestamp
        var filled: Filled
    }

    private func jobAfterJob(_ start: Start, telling: inout TaskGroup<Void>) async throws(AWSError) -> Filled
    {
        var course = Course(
            slot: slot, start: start, lookedAt: services.now, filled: Filled(worker: slot.worker))
        defer { if case .job(let next) = course.next { queue.book.forget(next.job.id) } }
        while let (job, origin) = try await claim(&course) {
            course.filled.jobs += 1
            let fate = await run(job, origin, &course)
            let worker = course.slot.worker
            switch fate {
            case .free(let isAsked, let ended):
                telling.addTask { await runner.tell(of: ended, on: worker) }
                course.isAsked = isAsked
                course.slot.worker.checkpoint = job.checkpoint ?? worker.checkpoint
            case .stuck(let ended):
                telling.addTask { await runner.tell(of: ended, on: worker) }
                return course.filled
            case .leave: return course.filled
            }
        }
        return course.filled
    }

    /// The job to run now; nil when the slot was given back.
    private func claim(_ course: inout Course) async throws(AWSError) -> (Job, PromptRun.Origin)? {
        if case .claimed(let job) = course.start {
            course.start = nil
            course.isTakenOver = true
            return (job, .resumed)
        }
        guard try await mayGoOn(&course) else {
            try await slots.free(course.slot)
            // Another invocation may fill the slot at once.
            if case .job(let next) = course.next { try? await services.doorbell.ringWork(for: next.job.id) }
            return nil
        }
        course.slot.worker.failures = 0
        course.filled.worker = course.slot.worker
        let next = course.next
        course.next = .unknown
        var claimed: Job?
        var workflow: WorkflowGraph?
        if case .job(let next) = next {
            claimed = try await queue.claim(next, for: course.slot)
            if claimed?.id == next.job.id { workflow = next.workflow }
        }
        // Where nothing was seen a moment ago the slot is given back, and the dispatcher looks once more.
        if claimed == nil, !next.isNothing || course.isTakenOver {
            var first: Candidate?
            if case .offered(let candidate) = course.start { first = candidate }
            claimed = try await queue.claim(for: course.slot, elsewhere: elsewhere, first: first)
        }
        course.start = nil
        guard let claimed else {
            try await slots.free(course.slot)
            course.filled.isDrained = true
            return nil
        }
        Log.info(
            "job claimed", ["job_id": .string("\(claimed.id)"), "worker": .string(course.slot.worker.id)])
        return (claimed, .claimed(workflow))
    }

    private func run(_ job: Job, _ origin: PromptRun.Origin, _ course: inout Course) async
        -> JobRunner.SlotFate
    {
        let (endings, signal) = AsyncStream<Void>.makeStream()
        var then = course.slot
        then.worker.checkpoint = job.checkpoint ?? then.worker.checkpoint
        async let next = foresee(for: then, ending: job, at: endings)
        let fate = await runner.run(job, origin, on: course.slot, until: deadline) {
            signal.yield(())
        }
        signal.finish()
        course.next = await next
        return fate
    }

    /// How old what was foreseen may be when the worker is done.
    private static let freshness: Duration = .seconds(2)

    /// What the slot will be offered when `job` is over: read when it is nearly over, and when the worker is done with it unless that was
    /// a moment ago.
    private func foresee(
        for slot: HeldSlot, ending job: Job, at endings: AsyncStream<Void>
    ) async -> Foresight {
        var seen = Foresight.unknown
        var began: ContinuousClock.Instant?
        for await _ in endings {
            if let began, ContinuousClock.now - began < Self.freshness { continue }
            if case .job(let old) = seen { queue.book.forget(old.job.id) }
            began = .now
            seen = await foresee(for: slot, ending: job)
        }
        return seen
    }

    private func foresee(for slot: HeldSlot, ending job: Job) async -> Foresight {
        do throws(AWSError) {
            guard var next = try await queue.foresee(for: slot, elsewhere: elsewhere, ending: job) else {
                return .nothing
            }
            next.workflow = try await services.documents.workflow(next.job.id)
            return .job(next)
        } catch {
            return .unknown
        }
    }

    /// Whether the slot may take another job.
    ///
    /// The worker is asked before each claim, unless it has just answered: one that died takes the job that ran there with it, and no
    /// other.
    private func mayGoOn(_ course: inout Course) async throws(AWSError) -> Bool {
        let worker = course.slot.worker
        guard services.configuration.hasTimeForAJob(until: deadline), await services.directory.lists(worker)
        else { return false }
        if !course.isAsked, await !answers(worker) { return false }
        if services.now - course.lookedAt >= Self.lookAgain {
            course.lookedAt = services.now
            if try await registry.isDraining(worker) { return false }
        }
        return true
    }

    /// Nothing is claimed that cannot start now.
    private func answers(_ worker: Worker) async -> Bool {
        let client = services.client(of: worker)
        do {
            if worker.isOnTrial {
                guard try await registry.beginTrial(of: worker, at: services.now) else { return false }
            }
            let queue = try await client.queue()
            if worker.isOnTrial {
                let length = queue.running.count + queue.pending.count
                try? await registry.recordSuccess(of: worker, queueLength: length, at: services.now)
            }
            return true
        } catch {
            Log.warn("worker does not answer", ["worker": .string(worker.id), "error": .string("\(error)")])
            try? await registry.recordFailure(of: worker, at: services.now)
            return false
        }
    }
}
