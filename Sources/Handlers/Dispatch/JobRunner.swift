import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Runs one claimed job on one slot: submits it, watches it, stores its outputs, ends it.
///
/// Two tasks: the run itself, and `RunGuard`, which holds the lease and may end the run from outside. What the
/// two come to is one `RunEnd`; only then is the job's state written, under the run's token.
struct JobRunner: Sendable {
    let services: Services
    let slots: SlotPool
    let registry: WorkerRegistry
    let announcer: Announcer
    /// One for all runs of the process.
    private let gate = TransferGate(limit: OutputStore.parallel)

    init(services: Services, slots: SlotPool, registry: WorkerRegistry, announcer: Announcer) {
        self.services = services
        self.slots = slots
        self.registry = registry
        self.announcer = announcer
    }

    /// What becomes of the slot.
    enum SlotFate: Sendable {
        /// The prompt is gone from the worker, or the worker itself is: the next job may come. `isAsked`: the worker has just
        /// answered. `ended` has to be told of: see `tell`.
        case free(isAsked: Bool, ended: Job)
        /// The worker does not let go of the prompt of `ended`, which has to be told of all the same.
        case stuck(ended: Job)
        /// Kept for whoever resumes the job, or lost already.
        case leave
    }

    /// How long an ended prompt may still stand in the worker's queue; less than the hand-off margin.
    private static let settlePatience: Duration = .seconds(8)

    private var configuration: Configuration { services.configuration }

    /// Runs `job`, which `slot` holds, until it ends or `deadline` (of the invocation) comes near.
    ///
    /// - Parameters:
    ///   - origin: how the slot came to the job.
    ///   - onEnding: called when the job is nearly over, where that can be told, and when the worker is done with it.
    func run(
        _ job: Job, _ origin: PromptRun.Origin, on slot: HeldSlot, until deadline: Timestamp,
        onEnding: @escaping @Sendable () -> Void = {}
    ) async -> SlotFate {
        await Trace.span(
            "run job", .consumer, parent: job.traceParent.flatMap { TraceContext(traceparent: $0) },
            attributes: ["job.id": "\(job.id)", "worker": slot.worker.id, "job.attempt": "\(job.attempt)"]
        ) {
            if !origin.isResumed {
                let waited = max(.zero, services.now - job.queuedAt)
                Trace.record("wait in queue", from: .now - waited)
            }
            return await runToItsEnd(job, origin, on: slot, until: deadline, onEnding)
        }
    }

    private func runToItsEnd(
        _ job: Job, _ origin: PromptRun.Origin, on slot: HeldSlot, until deadline: Timestamp,
        _ onEnding: @escaping @Sendable () -> Void
    ) async -> SlotFate {
        let client = services.client(of: slot.worker)
        let ledger = OutputLedger(
            services.documents, job: job.id,
            attempt: job.run?.promptID == nil ? job.attempt + 1 : job.attempt,
            expires: services.now + configuration.policy.retention)
        let guardian = RunGuard(
            job: job, slot: slot, slots: slots, store: services.store, registry: registry, client: client,
            ledger: ledger, loop: services.http.loop, configuration: configuration,
            handOffAt: deadline - configuration.handOffMargin)
        let prompt = PromptRun(
            claimed: job, origin: origin, worker: slot.worker, client: client, services: services,
            registry: registry, ledger: ledger, gate: gate, onEnding: onEnding)
        let end = await withTaskGroup(of: RunEnd?.self) { group in
            group.addTask { await prompt.run() }
            group.addTask { await guardian.watch() }
            var end: RunEnd?
            while end == nil, let next = await group.next() { end = next }
            group.cancelAll()
            return end ?? .abandoned("the run ended without a result")
        }
        do {
            if case .handOff = end { await ledger.record() }
            return try await conclude(end, of: job, on: slot, client)
        } catch {
            // The lease will run out, and the sweep has the job resumed.
            Log.error("run not concluded", fields(job, slot, ["error": .string("\(error)")]))
            return .leave
        }
    }

    private func conclude(_ end: RunEnd, of claimed: Job, on slot: HeldSlot, _ client: ComfyUIClient)
        async throws(AWSError) -> SlotFate
    {
        let (event, known): (JobEvent, Job)
        switch end {
        case .ended(let ending, let job): (event, known) = (ending, job)
        case .handOff:
            guard try await slots.handOff(slot) else { return .leave }
            try await services.doorbell.ringResume(claimed.id)
            Log.info("run handed off", fields(claimed, slot))
            return .leave
        case .leaseLost:
            Log.warn("lease lost, somebody else runs this job", fields(claimed, slot))
            return .leave
        case .abandoned(let reason):
            Log.error(
                "run abandoned, the sweep has it resumed", fields(claimed, slot, ["error": .string(reason)]))
            return .leave
        }
        var outcome = try await services.store.applyLatest(
            event, to: claimed.id, heldBy: slot.token, knownAs: known)
        if case .lost(let found?) = outcome, found.run?.token == slot.token, found.cancelRequestedAt != nil {
            // The cancellation forbade to queue it again.
            outcome = try await services.store.applyLatest(.cancelled, to: claimed.id, heldBy: slot.token)
        }
        guard case .done(let job) = outcome else { return .leave }
        Log.info("run ended", fields(job, slot, ["state": .string(job.state.rawValue)]))
        return await settle(job, on: slot, client)
    }

    /// What is left to do for a job that a run has ended, here on `worker`: nobody's slot waits for it.
    func tell(of job: Job, on worker: Worker) async {
        await Trace.span("announce", parent: job.traceParent.flatMap { TraceContext(traceparent: $0) }) {
            await announcer.announce(job)
        }
        if job.state == .queued {
            let delay = job.notBefore.map { $0 - services.now } ?? .zero
            try? await services.doorbell.ringWork(for: job.id, delay: max(.zero, delay))
        }
        if let checkpoint = job.checkpoint { try? await registry.recordCheckpoint(checkpoint, of: worker) }
        await services.metrics.flushIfDue()
    }

    /// Leaves nothing behind on the worker: the history entry is deleted, and the slot is free only when the queue
    /// shows the prompt gone. When it does not let go of the prompt nothing is sent to it for a while.
    private func settle(_ job: Job, on slot: HeldSlot, _ client: ComfyUIClient) async -> SlotFate {
        let prompt = PromptID.derive(job: job.id, attempt: job.attempt)
        let loop = services.http.loop
        do {
            try await withDeadline(Self.settlePatience, on: loop) {
                while try await client.queue().contains(prompt) {
                    try await loop.sleep(for: .milliseconds(250))
                }
                // Only now: what ends later would leave another entry.
                try await client.deleteHistory(prompt)
            }
            return .free(isAsked: true, ended: job)
        } catch let error as ComfyUIError where error.code != .cancelled {
            // A worker that does not answer has no prompt of ours that could be waited for.
            Log.debug("worker not tidied", fields(job, slot, ["error": .string("\(error)")]))
            return .free(isAsked: false, ended: job)
        } catch {
            Log.error("worker does not let go of an ended prompt", fields(job, slot))
            try? await registry.recordFailure(
                of: slot.worker, count: Worker.patience, stuck: prompt, at: services.now)
            return .stuck(ended: job)
        }
    }

    private func fields(_ job: Job, _ slot: HeldSlot, _ more: JSON.Object = [:]) -> JSON.Object {
        var fields: JSON.Object = [
            "job_id": .string("\(job.id)"), "worker": .string(slot.worker.id),
            "attempt": .number(job.attempt),
        ]
        for (key, value) in more { fields[key] = value }
        return fields
    }
}

/// What a run came to.
enum RunEnd: Sendable {
    /// The job's state is to change like this; `of` is the job as the run knew it last.
    case ended(JobEvent, of: Job)
    /// The invocation is nearly over; the prompt goes on, and the next invocation takes over.
    case handOff
    /// Somebody else holds the slot: nothing may be written.
    case leaseLost
    /// Our own side failed (DynamoDB out of reach): the lease runs out by itself.
    case abandoned(String)
}

/// Names that a run gives to its prompt: derived, so that whoever resumes it, or looks whether it was sent, knows them.
enum PromptID {
    static func derive(job: Job.ID, attempt: Int) -> String {
        "\(UUID.derived(from: ["prompt", "\(job)", "\(attempt)"]))"
    }

    static func client(job: Job.ID, attempt: Int) -> String {
        "\(UUID.derived(from: ["client", "\(job)", "\(attempt)"]))"
    }
}
