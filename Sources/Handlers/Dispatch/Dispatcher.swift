import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Keeps the workers' slots busy for one invocation.
///
/// The jobs at the head of the queue are matched with free places (`Placement`), and each match takes a slot and begins a `Lane` there,
/// which runs job after job. Lanes run side by side, so one invocation watches many GPUs and a free GPU never waits for a message.
struct Dispatcher: Sendable {
    let services: Services
    let registry: WorkerRegistry
    let slots: SlotPool
    let queue: JobQueue
    let runner: JobRunner
    let tidier: WorkerTidier

    init(services: Services) {
        let configuration = services.configuration
        self.services = services
        registry = WorkerRegistry(services: services)
        slots = SlotPool(
            dynamoDB: services.store.dynamoDB, table: configuration.table, store: services.store,
            lease: configuration.policy.lease)
        queue = JobQueue(
            store: services.store, slots: slots, userLimit: configuration.maximumConcurrentExecutions,
            on: services.http.loop)
        runner = JobRunner(
            services: services, slots: slots, registry: registry,
            announcer: Announcer(services: services))
        tidier = WorkerTidier(services: services, registry: registry)
    }

    /// Takes over the jobs of `resumes`, and fills every free slot, until nothing is left or `deadline` (local clock)
    /// comes near. At most `DISPATCH_CONCURRENCY` jobs run here at once.
    ///
    /// - Returns: the jobs that could not be taken over now and have to be offered again.
    func dispatch(resumes: [Job.ID], hint: Job.ID?, until deadline: Timestamp) async throws(AWSError) -> [Job
        .ID]
    {
        // What is taken over now would be handed off at once, and rung for at once, for ever.
        guard hasTime(deadline) else {
            Log.error(
                "too little time to run anything: the function's timeout must exceed HANDOFF_MARGIN_SECONDS")
            return resumes
        }
        let roster = try await registry.roster()
        let usable = roster.listed.filter { $0.isUsable(at: services.now) }
        let held = try await slots.held(among: usable)
        let left = await withTaskGroup(of: PartEnd.self) { group in
            for id in resumes {
                group.addTask {
                    await resume(id, roster, elsewhere: usable.count > 1, until: deadline)
                        ? .resumed : .notResumed(id)
                }
            }
            var board = Placement(usable, held: held)
            var active = resumes.count
            var mustLook = true
            var left: [Job.ID] = []
            while true {
                while active < services.configuration.dispatchConcurrency, !board.places.isEmpty,
                    hasTime(deadline)
                {
                    if mustLook {
                        mustLook = false
                        board.candidates = await heads(for: board, hint: hint)
                    }
                    guard let (place, candidate) = board.next(at: services.now, queue.book) else { break }
                    group.addTask {
                        await .lane(
                            lane(on: place, for: candidate, elsewhere: usable.count > 1, until: deadline))
                    }
                    active += 1
                }
                guard let end = await group.next() else { return left }
                active -= 1
                switch end {
                case .resumed: break
                case .notResumed(let id): left.append(id)
                case .lane(let end):
                    if let candidate = end.unplaced { board.putBack(candidate) }
                    if let place = end.freed {
                        // Between the last look and the slot's return a job may have come, whose doorbell found no free
                        // slot: so one more look after it.
                        board.putBack(place)
                        mustLook = true
                    }
                }
            }
        }
        if !hasTime(deadline) { await ringForTheRest() }
        return left
    }

    /// Slots that come free now are not filled here any more.
    private func ringForTheRest() async {
        do {
            // A doorbell too many costs less than a job that waits for the sweep.
            if (try? await queue.depth(limit: 1)) != 0 { try await services.doorbell.ringWork(for: nil) }
        } catch {
            Log.warn("doorbell not rung, left to the sweep", ["error": .string("\(error)")])
        }
    }

    /// What one of the tasks of a dispatch came to.
    private enum PartEnd: Sendable {
        case resumed
        case notResumed(Job.ID)
        case lane(LaneEnd)
    }

    /// What is left of a lane.
    private struct LaneEnd: Sendable {
        /// The job it was begun for, when it found no slot.
        var unplaced: Candidate?
        /// Its place, when the slot was given back because nothing is queued.
        var freed: Placement.Place?
    }

    private func heads(for board: Placement, hint: Job.ID?) async -> [Candidate] {
        let now = services.now
        do {
            return try await queue.heads(limit: services.configuration.dispatchConcurrency, hint: hint) {
                board.fits($0, at: now)
            }
        } catch {
            Log.error("queue not read", ["error": .string("\(error)")])
            return []
        }
    }

    private func lane(
        on place: Placement.Place, for candidate: Candidate, elsewhere: Bool, until deadline: Timestamp
    ) async -> LaneEnd {
        var end = LaneEnd(unplaced: candidate)
        do {
            guard hasTime(deadline), let slot = try await slots.take(on: place.worker),
                await tidier.tidy(slot)
            else { return end }
            let filled = try await lane(slot, elsewhere, deadline).run(.offered(candidate))
            if filled.jobs > 0 || filled.isDrained { end.unplaced = nil }
            if filled.isDrained {
                var freed = place
                freed.worker = filled.worker
                freed.tries = filled.jobs > 0 ? 2 : place.tries - 1
                end.freed = freed
            }
        } catch {
            Log.error("lane ended", ["worker": .string(place.worker.id), "error": .string("\(error)")])
            end.unplaced = nil
        }
        return end
    }

    /// True when the job needs nobody any more, or ran here; false when it has to be offered again.
    private func resume(
        _ id: Job.ID, _ roster: WorkerRegistry.Roster, elsewhere: Bool, until deadline: Timestamp
    ) async -> Bool {
        do {
            guard let job = try await services.store.job(id), job.state == .running, let run = job.run
            else { return true }
            // The message came twice, or late: somebody runs it, and the sweep watches the lease.
            if let end = try await slots.leaseEnd(of: run), end > services.now { return true }
            // One that is listed no more is watched to the end of what runs there.
            guard let worker = (roster.listed + roster.removed).first(where: { $0.id == run.worker }) else {
                return try await giveUp(job, "The worker was removed.")
            }
            guard let slot = try await slots.takeOver(job, run: run, worker: worker) else {
                if try await slots.belongs(run, to: id) { return true }
                return try await giveUp(job, "The job lost its place on the worker.")
            }
            let outcome = try await services.store.applyLatest(
                .resumed(token: slot.token), to: id, heldBy: run.token)
            guard case .done(let resumed) = outcome else {
                // Its run has ended it at the last moment.
                try await slots.free(slot)
                return true
            }
            Log.info("job resumed", ["job_id": .string("\(id)"), "worker": .string(worker.id)])
            _ = try await lane(slot, elsewhere, deadline).run(.claimed(resumed))
            return true
        } catch {
            Log.error("resume failed", ["job_id": .string("\(id)"), "error": .string("\(error)")])
            return false
        }
    }

    /// Nobody can watch its prompt any more: another attempt elsewhere, while attempts are left; none is counted for a
    /// prompt that was not sent yet.
    private func giveUp(_ job: Job, _ message: String) async throws(AWSError) -> Bool {
        let failure = Job.Failure(.workerLost, message)
        let event: JobEvent =
            job.cancelRequestedAt != nil
            ? .cancelled
            : job.run?.promptID == nil ? .released : .attemptFailed(failure, delay: .seconds(1))
        guard case .done(let ended) = try await services.store.apply(event, to: job) else { return true }
        await runner.announcer.announce(ended)
        if ended.state == .queued { try await services.doorbell.ringWork(for: ended.id, delay: .seconds(1)) }
        return true
    }

    private func lane(_ slot: HeldSlot, _ elsewhere: Bool, _ deadline: Timestamp) -> Lane {
        Lane(
            services: services, registry: registry, slots: slots, queue: queue, runner: runner, slot: slot,
            elsewhere: elsewhere, deadline: deadline)
    }

    private func hasTime(_ deadline: Timestamp) -> Bool {
        services.configuration.hasTimeForAJob(until: deadline)
    }
}
