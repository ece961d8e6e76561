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

    /// What becomes of the slot.
    enum SlotFate: Sendable {
        /// The prompt is gone from the worker: the next job may come.
        case free
        /// Kept for whoever resumes the job, or lost already.
        case leave
    }

    private var configuration: Configuration { services.configuration }

    /// Runs `job`, which `slot` holds, until it ends or `deadline` (of the invocation) comes near.
    func run(_ job: Job, on slot: HeldSlot, until deadline: Timestamp) async -> SlotFate {
        let client = ComfyUIClient(http: services.http, address: slot.worker.address)
        let guardian = RunGuard(
            job: job, slot: slot, slots: slots, store: services.store, client: client,
            loop: services.http.loop, configuration: configuration,
            handOffAt: deadline - configuration.handOffMargin)
        let prompt = PromptRun(
            claimed: job, worker: slot.worker, client: client, services: services,
            registry: registry)
        let end = await withTaskGroup(of: RunEnd?.self) { group in
            group.addTask { await prompt.run() }
            group.addTask { await guardian.watch() }
            var end: RunEnd?
            while end == nil, let next = await group.next() { end = next }
            group.cancelAll()
            return end ?? .abandoned("the run ended without a result")
        }
        do {
            return try await conclude(end, of: job, on: slot, client)
        } catch {
            // The lease will run out, and the sweep has the job resumed.
            Log.error("run not concluded", fields(job, ["error": .string("\(error)")]))
            return .leave
        }
    }

    private func conclude(_ end: RunEnd, of claimed: Job, on slot: HeldSlot, _ client: ComfyUIClient)
        async throws(AWSError) -> SlotFate
    {
        let event: JobEvent
        switch end {
        case .ended(let ending): event = ending
        case .handOff:
            _ = try await slots.renew(slot)
            try await services.doorbell.ringResume(claimed.id)
            Log.info("run handed off", fields(claimed))
            return .leave
        case .leaseLost:
            Log.warn("lease lost, somebody else runs this job", fields(claimed))
            return .leave
        case .abandoned(let reason):
            Log.error("run abandoned, the sweep has it resumed", fields(claimed, ["error": .string(reason)]))
            return .leave
        }
        let outcome = try await services.store.applyLatest(event, to: claimed.id, heldBy: slot.token)
        guard case .done(let job) = outcome else {
            return try await concludeCancelled(outcome, event, on: slot)
        }
        Log.info("run ended", fields(job, ["state": .string(job.state.rawValue)]))
        await announcer.announce(job)
        if job.state == .queued {
            let delay = job.notBefore.map { $0 - services.now } ?? .zero
            try? await services.doorbell.ringWork(for: job.id, delay: max(.zero, delay))
        }
        await settle(job, on: slot, client)
        return .free
    }

    /// A requeueing that a cancellation forbade becomes the cancellation; anything else was somebody else's win.
    private func concludeCancelled(_ outcome: JobStore.Outcome, _ event: JobEvent, on slot: HeldSlot)
        async throws(AWSError) -> SlotFate
    {
        guard case .lost(let found?) = outcome, found.run?.token == slot.token,
            found.cancelRequestedAt != nil, event != .cancelled
        else { return .leave }
        if case .done(let job) = try await services.store.applyLatest(
            .cancelled, to: found.id, heldBy: slot.token)
        {
            await announcer.announce(job)
            return .free
        }
        return .leave
    }

    /// Leaves nothing behind on the worker: the history entry is deleted, and the slot is free only when the queue
    /// shows the prompt gone.
    private func settle(_ job: Job, on slot: HeldSlot, _ client: ComfyUIClient) async {
        if let checkpoint = job.checkpoint {
            try? await registry.recordCheckpoint(checkpoint, of: slot.worker)
        }
        let prompt = PromptID.derive(job: job.id, attempt: job.attempt)
        do {
            try await client.deleteHistory(prompt)
            for _ in 0..<20 {
                let queue = try await client.queue()
                if !queue.running.contains(prompt), !queue.pending.contains(prompt) { return }
                try await services.http.loop.sleep(for: .milliseconds(250))
            }
        } catch {
            // A worker that does not answer has no prompt of ours that could be waited for.
            Log.debug("worker not tidied", fields(job, ["error": .string("\(error)")]))
        }
    }

    private func fields(_ job: Job, _ more: JSON.Object = [:]) -> JSON.Object {
        var fields: JSON.Object = [
            "job_id": .string("\(job.id)"), "worker": .string(job.run?.worker ?? ""),
            "attempt": .number(job.attempt),
        ]
        for (key, value) in more { fields[key] = value }
        return fields
    }
}

/// What a run came to.
enum RunEnd: Sendable {
    /// The job's state is to change like this.
    case ended(JobEvent)
    /// The invocation is nearly over; the prompt goes on, and the next invocation takes over.
    case handOff
    /// Somebody else holds the slot: nothing may be written.
    case leaseLost
    /// Our own side failed (DynamoDB out of reach): the lease runs out by itself.
    case abandoned(String)
}

/// Names that a run gives to its prompt: derived, so that whoever resumes it, or looks whether it was sent, knows them.
enum PromptID {
    static func derive(job: UUID, part: Int = 0, attempt: Int) -> String {
        "\(UUID.derived(from: ["prompt", "\(job)", "\(part)", "\(attempt)"]))"
    }

    static func client(job: UUID, part: Int = 0, attempt: Int) -> String {
        "\(UUID.derived(from: ["client", "\(job)", "\(part)", "\(attempt)"]))"
    }
}
