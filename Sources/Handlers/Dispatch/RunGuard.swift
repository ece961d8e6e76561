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
    let loop: EventLoop
    let configuration: Configuration
    /// By the local clock, which the invocation's deadline is told in.
    let handOffAt: Timestamp

    /// How long the worker has to let go of a cancelled prompt.
    static let cancelPatience: Duration = .seconds(60)
    /// A worker that runs on for this long after an interrupt is ill.
    static let interruptPatience: Duration = .seconds(30)

    /// Returns when the run must stop; nil when it was cancelled because the run ended first.
    func watch() async -> RunEnd? {
        var cancelSince: Timestamp?
        var wasTimedOut = false
        var isReported = false
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
                let isOverTime = now.isOverTime(at: store.clock())
                if now.cancelRequestedAt != nil || isOverTime {
                    wasTimedOut = wasTimedOut || (isOverTime && now.cancelRequestedAt == nil)
                    let end: JobEvent =
                        wasTimedOut ? .failed(now.timeoutFailure, outputs: []) : .cancelled
                    let since = cancelSince ?? store.clock()
                    cancelSince = since
                    if let promptID = now.run?.promptID, await stop(promptID) {
                        return .ended(end)
                    }
                    if !isReported, store.clock() - since > Self.interruptPatience {
                        isReported = true
                        try await registry.recordFailure(
                            of: slot.worker, count: Worker.patience, stuck: now.run?.promptID,
                            at: store.clock())
                    }
                    if store.clock() - since > Self.cancelPatience {
                        Log.error("worker does not let go of a stopped prompt", fields)
                        return .ended(end)
                    }
                }
            } catch {
                // DynamoDB out of reach: the run goes on, and every write of it is conditional on the token.
                if Task.isCancelled { return nil }
                Log.warn("heartbeat failed", fields)
            }
        }
    }

    /// Asks the worker to let go. True when the prompt is nowhere any more: it was waiting, and left no trace.
    ///
    /// A running prompt is interrupted only while it is ours that runs: older ComfyUI interrupts whatever runs.
    /// Its end is then seen by the run itself.
    private func stop(_ promptID: String) async -> Bool {
        do {
            let queue = try await client.queue()
            if queue.running.contains(promptID) {
                try await client.interrupt(promptID)
                return false
            }
            if queue.pending.contains(promptID) {
                try await client.deleteFromQueue(promptID)
                let after = try await client.queue()
                return !after.running.contains(promptID) && !after.pending.contains(promptID)
            }
        } catch {
            Log.warn("worker not reached for a cancellation", fields)
        }
        return false
    }

    private var fields: JSON.Object {
        ["job_id": .string("\(job.id)"), "worker": .string(slot.worker.id)]
    }
}
