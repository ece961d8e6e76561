import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Keeps the workers' slots busy for one invocation.
///
/// A lane is a slot and what it does: claim the best job, run it, claim the next; when nothing is left, the slot is
/// given back. Lanes run side by side, so one invocation watches many GPUs and a free GPU never waits for a message.
struct Dispatcher: Sendable {
    let services: Services
    let registry: WorkerRegistry
    let slots: SlotPool
    let queue: JobQueue
    let runner: JobRunner
    let tidier: WorkerTidier

    init(services: Services) {
        let configuration = services.configuration
        let dynamoDB = DynamoDB(services.aws)
        self.services = services
        registry = WorkerRegistry(dynamoDB, configuration: configuration)
        slots = SlotPool(
            dynamoDB: dynamoDB, table: configuration.table,
            slotsPerWorker: configuration.slotsPerWorker, store: services.store,
            lease: configuration.policy.lease)
        queue = JobQueue(
            store: services.store, slots: slots, userLimit: configuration.maximumConcurrentExecutions)
        runner = JobRunner(
            services: services, slots: slots, registry: registry,
            announcer: Announcer(services: services))
        tidier = WorkerTidier(services: services, registry: registry)
    }

    /// Takes over the jobs of `resumes`, then fills every free slot, until nothing is left or `deadline` (local clock)
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
        let workers = try await registry.workers()
        let usable = workers.filter { $0.isUsable(at: services.now) }
        let left = await withTaskGroup(of: Job.ID?.self) { group in
            for id in resumes {
                group.addTask {
                    await resume(id, workers, elsewhere: usable.count > 1, until: deadline) ? nil : id
                }
            }
            // In any order: many dispatchers at once do not all begin at the same worker.
            var places = usable.flatMap {
                Array(repeating: $0, count: services.configuration.slotsPerWorker)
            }.shuffled()
            var active = resumes.count
            var left: [Job.ID] = []
            while true {
                while active < services.configuration.dispatchConcurrency, let worker = places.popLast() {
                    group.addTask {
                        await lane(on: worker, elsewhere: usable.count > 1, hint: hint, until: deadline)
                        return nil
                    }
                    active += 1
                }
                guard let ended = await group.next() else { return left }
                active -= 1
                if let ended { left.append(ended) }
            }
        }
        if !hasTime(deadline) { await ringForTheRest() }
        return left
    }

    /// Slots that come free now are not filled here any more.
    private func ringForTheRest() async {
        do {
            if try await queue.depth(limit: 1) > 0 { try await services.doorbell.ringWork(for: nil) }
        } catch {
            Log.warn("doorbell not rung, left to the sweep", ["error": .string("\(error)")])
        }
    }

    private func lane(on worker: Worker, elsewhere: Bool, hint: Job.ID?, until deadline: Timestamp) async {
        do {
            // Between a look at an empty queue and the slot's return a job may have come, whose doorbell
            // found no free slot: so one more look after it.
            for _ in 0..<2 {
                guard hasTime(deadline), let slot = try await slots.take(on: worker),
                    await tidier.tidy(slot),
                    try await fill(slot, elsewhere: elsewhere, hint: hint, until: deadline)
                else { return }
            }
        } catch {
            Log.error("lane ended", ["worker": .string(worker.id), "error": .string("\(error)")])
        }
    }

    /// Runs job after job on `slot`. True when it was given back because nothing is queued.
    ///
    /// The worker is asked before each claim: one that died takes the job that ran there with it, and no other.
    private func fill(_ slot: HeldSlot, elsewhere: Bool, hint: Job.ID?, until deadline: Timestamp)
        async throws(AWSError) -> Bool
    {
        var hint = hint
        var worker = slot.worker
        while hasTime(deadline), await answers(worker) {
            worker.failures = 0
            guard let job = try await queue.claim(for: slot, elsewhere: elsewhere, hint: hint) else {
                try await slots.free(slot)
                return true
            }
            hint = nil
            Log.info(
                "job claimed", ["job_id": .string("\(job.id)"), "worker": .string(slot.worker.id)])
            guard await runner.run(job, on: slot, until: deadline) == .free, try await slots.renew(slot)
            else { return false }
        }
        try await slots.free(slot)
        return false
    }

    /// True when the job needs nobody any more, or ran here; false when it has to be offered again.
    private func resume(
        _ id: Job.ID, _ workers: [Worker], elsewhere: Bool, until deadline: Timestamp
    ) async -> Bool {
        do {
            guard let job = try await services.store.job(id), job.state == .running, let run = job.run
            else { return true }
            // The message came twice, or late: somebody runs it, and the sweep watches the lease.
            if let end = try await slots.leaseEnd(of: run), end > services.now { return true }
            guard let worker = workers.first(where: { $0.id == run.worker }) else {
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
            if await runner.run(resumed, on: slot, until: deadline) == .free, try await slots.renew(slot) {
                _ = try await fill(slot, elsewhere: elsewhere, hint: nil, until: deadline)
            }
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

    /// Nothing is claimed that cannot start now.
    private func answers(_ worker: Worker) async -> Bool {
        let client = ComfyUIClient(http: services.http, address: worker.address)
        do {
            if worker.isOnTrial {
                guard try await registry.beginTrial(of: worker, at: services.now) else { return false }
            }
            _ = try await client.queue()
            if worker.isOnTrial { try? await registry.recordSuccess(of: worker, at: services.now) }
            return true
        } catch {
            Log.warn("worker does not answer", ["worker": .string(worker.id), "error": .string("\(error)")])
            try? await registry.recordFailure(of: worker, at: services.now)
            return false
        }
    }

    private func hasTime(_ deadline: Timestamp) -> Bool {
        deadline - Timestamp.now > services.configuration.handOffMargin + .seconds(1)
    }
}
