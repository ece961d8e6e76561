import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Holds the lease of a run, hears the wish to cancel, and watches the clocks.
struct RunGuard: Sendable {
    let job: Job
    let slot: HeldSlot
    let slots: SlotPool
    let store: JobStore
    let registry: WorkerRegistry
    let client: ComfyUIClient
    let ledger: OutputLedger
    let loop: EventLoop
    let configuration: Configuration
    /// By the local clock, which the invocation's deadline is told in.
    let handOffAt: Timestamp

    /// How long the worker has to let go of a stopped prompt, and a run whose time is over to store what it left.
    static let cancelPatience: Duration = .seconds(60)
    /// A worker that runs on for this long after an interrupt is ill.
    static let interruptPatience: Duration = .seconds(30)

    /// Returns when the run must stop; nil when it was cancelled because the run ended first.
    func watch() async -> RunEnd? {
        var stopping = Stopping()
        // Four renewals may fail before the lease is over.
        let renewal = configuration.policy.lease / 5
        var renewed = ContinuousClock.now
        while true {
            let untilHandOff = handOffAt - Timestamp.now
            if untilHandOff <= .zero { return .handOff }
            do {
                try await loop.sleep(for: min(configuration.heartbeat, renewal, untilHandOff))
            } catch {
                return nil
            }
            do {
                if ContinuousClock.now - renewed >= renewal {
                    guard try await slots.renew(slot) else { return .leaseLost }
                    renewed = .now
                }
                guard let now = try await store.job(job.id), now.run?.token == slot.token else {
                    return Task.isCancelled ? nil : .leaseLost
                }
                await ledger.record()
                if let end = try await stop(now, &stopping) { return end }
            } catch {
                // DynamoDB out of reach: the run goes on, and every write of it is conditional on the token.
                if Task.isCancelled { return nil }
                Log.warn("heartbeat failed", fields)
            }
        }
    }

    /// What came of a wish to stop, from heartbeat to heartbeat.
    private struct Stopping {
        /// Since when somebody wants it to stop.
        var since: Timestamp?
        /// Since when the worker does not let go of the prompt.
        var heldSince: Timestamp?
        /// Nobody asked for it: its time was over.
        var isTimeout = false
        var isReported = false
    }

    /// Stops the prompt when its user wants that or its time is over. The end, when it is for this side to say: the
    /// prompt was still waiting, or its worker does not let go of it. Of a prompt that is nowhere on the worker the run
    /// itself sees the end, and stores what it left: as long as it takes when a user cancelled, because what is done is
    /// done, and for `cancelPatience` when its time is over.
    private func stop(_ now: Job, _ stopping: inout Stopping) async throws(AWSError) -> RunEnd? {
        let clock = store.clock()
        let isOverTime = now.isOverTime(at: clock)
        guard now.cancelRequestedAt != nil || isOverTime else { return nil }
        if isOverTime, now.cancelRequestedAt == nil { stopping.isTimeout = true }
        let since = stopping.since ?? clock
        stopping.since = since
        let end = RunEnd.ended(
            stopping.isTimeout ? .failed(now.timeoutFailure, outputs: []) : .cancelled, of: now)
        switch await letGo(now.run?.promptID) {
        case .deleted: return end
        case .ended:
            stopping.heldSince = nil
            return isOverTime && clock - since > Self.cancelPatience ? end : nil
        case .held:
            let heldSince = stopping.heldSince ?? clock
            stopping.heldSince = heldSince
            if !stopping.isReported, clock - heldSince > Self.interruptPatience {
                stopping.isReported = true
                try await registry.recordFailure(
                    of: slot.worker, count: Worker.patience, stuck: now.run?.promptID, at: clock)
            }
            guard clock - heldSince > Self.cancelPatience else { return nil }
            Log.error("worker does not let go of a stopped prompt", fields)
            return end
        }
    }

    private enum Grip {
        /// It was waiting, and is nowhere any more: it left no trace.
        case deleted
        /// Nowhere: it has ended, or is not sent yet.
        case ended
        /// It runs, or the worker does not answer.
        case held
    }

    /// Asks the worker to let go.
    ///
    /// A running prompt is interrupted only while it is ours that runs: older ComfyUI interrupts whatever runs.
    private func letGo(_ promptID: String?) async -> Grip {
        guard let promptID else { return .ended }
        do {
            let queue = try await client.queue()
            if queue.running.contains(promptID) {
                try await client.interrupt(promptID)
                return .held
            }
            guard queue.pending.contains(promptID) else { return .ended }
            try await client.deleteFromQueue(promptID)
            return try await client.queue().contains(promptID) ? .held : .deleted
        } catch {
            Log.warn("worker not reached for a cancellation", fields)
            return .held
        }
    }

    private var fields: JSON.Object {
        ["job_id": .string("\(job.id)"), "worker": .string(slot.worker.id)]
    }
}
