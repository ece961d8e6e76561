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
    }

    /// Takes over the jobs of `resumes`, then fills every free slot, until nothing is left or `deadline` (local clock) comes near.
    ///
    /// - Returns: the jobs that could not be taken over now and have to be offered again.
    func dispatch(resumes: [UUID], hint: UUID?, until deadline: Timestamp) async throws(AWSError) -> [UUID] {
        let workers = try await registry.workers()
        let taken = await withTaskGroup(of: UUID?.self) { group in
            for id in resumes {
                group.addTask { await resume(id, workers, until: deadline) ? nil : id }
            }
            let usable = workers.filter { $0.isUsable(at: services.now) }
            let room = max(0, services.configuration.dispatchConcurrency - resumes.count)
            for worker in order(usable) {
                for _ in 0..<services.configuration.slotsPerWorker {
                    group.addTask {
                        await lane(
                            on: worker, elsewhere: usable.count > 1, hint: hint, until: deadline,
                            room: room)
                        return nil
                    }
                }
            }
            var left: [UUID] = []
            for await id in group { if let id { left.append(id) } }
            return left
        }
        return taken
    }

    /// The least lately seen first: many dispatchers at once do not all begin at the same worker.
    private func order(_ workers: [Worker]) -> ArraySlice<Worker> {
        workers.shuffled().prefix(services.configuration.dispatchConcurrency)
    }

    private func lane(on worker: Worker, elsewhere: Bool, hint: UUID?, until deadline: Timestamp, room: Int)
        async
    {
        guard room > 0 else { return }
        do {
            var hint = hint
            var hasRun = false
            // Between a look at an empty queue and the slot's return a job may have come, whose doorbell
            // found no free slot: so one more look after it.
            for _ in 0..<2 {
                guard let slot = try await slots.take(on: worker) else { return }
                guard await answers(worker) else {
                    try await slots.free(slot)
                    return
                }
                while hasTime(deadline),
                    let job = try await queue.claim(for: slot, elsewhere: elsewhere, hint: hint)
                {
                    hint = nil
                    hasRun = true
                    Log.info(
                        "job claimed", ["job_id": .string("\(job.id)"), "worker": .string(worker.id)])
                    guard await runner.run(job, on: slot, until: deadline) == .free else { return }
                    guard try await slots.renew(slot) else { return }
                }
                try await slots.free(slot)
                guard hasTime(deadline) else {
                    // What queued up meanwhile has no doorbell left: they found no free slot.
                    if hasRun { try await services.doorbell.ringWork(for: nil) }
                    return
                }
            }
        } catch {
            Log.error("lane ended", ["worker": .string(worker.id), "error": .string("\(error)")])
        }
    }

    /// True when the job needs nobody any more, or ran here; false when it has to be offered again.
    private func resume(_ id: UUID, _ workers: [Worker], until deadline: Timestamp) async -> Bool {
        do {
            guard let job = try await services.store.job(id), job.state == .running, let run = job.run
            else { return true }
            guard let worker = workers.first(where: { $0.id == run.worker }) else {
                return try await giveUp(job, "The worker was removed.")
            }
            guard let slot = try await slots.takeOver(job, run: run, worker: worker) else { return false }
            guard
                case .done(let resumed) = try await services.store.apply(
                    .resumed(token: slot.token), to: job)
            else { return true }
            Log.info("job resumed", ["job_id": .string("\(id)"), "worker": .string(worker.id)])
            if await runner.run(resumed, on: slot, until: deadline) == .free {
                try await slots.free(slot)
                try await services.doorbell.ringWork(for: nil)
            }
            return true
        } catch {
            Log.error("resume failed", ["job_id": .string("\(id)"), "error": .string("\(error)")])
            return false
        }
    }

    /// Nobody can ask a removed worker: another attempt elsewhere, while attempts are left.
    private func giveUp(_ job: Job, _ message: String) async throws(AWSError) -> Bool {
        let failure = Job.Failure(.workerLost, message)
        let event: JobEvent =
            job.cancelRequestedAt != nil ? .cancelled : .attemptFailed(failure, delay: .seconds(1))
        guard case .done(let ended) = try await services.store.apply(event, to: job) else { return true }
        await runner.announcer.announce(ended)
        if ended.state == .queued { try await services.doorbell.ringWork(for: ended.id, delay: .seconds(1)) }
        return true
    }

    /// Nothing is claimed that cannot start now.
    private func answers(_ worker: Worker) async -> Bool {
        let client = ComfyUIClient(http: services.http, address: worker.address)
        do {
            _ = try await client.queue()
            if worker.failures > 0 { try? await registry.recordSuccess(of: worker, at: services.now) }
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
