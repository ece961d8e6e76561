import AWSClients
import ComfyUI
import HTTP
import JSON
import Telemetry
import Time

/// Clears a worker of what a dead dispatcher's job left there: a prompt that nobody waits for, an entry in the history.
struct WorkerTidier: Sendable {
    let services: Services
    let registry: WorkerRegistry

    /// How long a prompt may take to end after it was told to.
    private static let patience: Duration = .seconds(8)

    /// Tidies up after the slot's predecessor. False when the worker does not let go of its prompt: the slot is then left to
    /// its lease, and nothing is sent to the worker for a while.
    func tidy(_ slot: HeldSlot) async -> Bool {
        guard let predecessor = slot.predecessor else { return true }
        let prompts: [String]
        do {
            // A job that the table has forgotten left its traces too long ago.
            guard let job = try await services.store.job(predecessor) else { return true }
            prompts = Self.prompts(of: job, on: slot.worker)
        } catch {
            Log.warn("worker not tidied", ["worker": .string(slot.worker.id), "error": .string("\(error)")])
            return false
        }
        for prompt in prompts where await !remove(prompt, from: slot.worker) { return false }
        return true
    }

    /// Those of its attempts on this worker, but for the one that somebody watches.
    private static func prompts(of job: Job, on worker: Worker) -> [String] {
        job.attempts.enumerated()
            .filter { $0.element.worker == worker.id }
            .map { PromptID.derive(job: job.id, attempt: $0.offset + 1) }
            .filter { $0 != job.run?.promptID }
    }

    private func remove(_ prompt: String, from worker: Worker) async -> Bool {
        let client = services.client(of: worker)
        let loop = services.http.loop
        do {
            try await withDeadline(Self.patience, on: loop) {
                while true {
                    let queue = try await client.queue()
                    if queue.running.contains(prompt) {
                        try await client.interrupt(prompt)
                    } else if queue.pending.contains(prompt) {
                        try await client.deleteFromQueue(prompt)
                    } else {
                        break
                    }
                    try await loop.sleep(for: .milliseconds(250))
                }
                try await client.deleteHistory(prompt)
            }
            return true
        } catch is DeadlineExceeded {
            Log.error("worker does not let go of a dead run's prompt", ["worker": .string(worker.id)])
            try? await registry.recordFailure(
                of: worker, count: Worker.patience, stuck: prompt, at: services.now)
            return false
        } catch {
            // One that does not answer has no prompt that could be waited for.
            Log.debug("worker not tidied", ["worker": .string(worker.id), "error": .string("\(error)")])
            return true
        }
    }
}

extension Dispatcher {
    /// Gives back the slots whose holders died after their jobs had ended: no job comes to them until somebody looks.
    ///
    /// - Returns: how many there were.
    func freeAbandonedSlots(until deadline: Timestamp) async throws(AWSError) -> Int {
        var count = 0
        let roster = try await registry.roster()
        for worker in roster.listed + roster.removed where deadline - Timestamp.now > .seconds(10) {
            for slot in try await slots.takeAbandoned(on: worker) where await tidier.tidy(slot) {
                try await slots.free(slot)
                count += 1
            }
        }
        return count
    }
}
