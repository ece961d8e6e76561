import AWSClients
import ComfyUI
import JSON
import Telemetry

/// What a run comes to, and what follows from it.
extension PromptRun {
    func succeeded(_ job: Job, _ stored: Result<[Job.Output], OutputStore.Failure>) async -> RunEnd {
        switch stored {
        case .success(let outputs) where outputs.isEmpty:
            return failed(job, .init(.noOutput, "The workflow ended without leaving an output."))
        case .success(let outputs): return .ended(.completed(outputs), of: job)
        case .failure(.missing(let name)):
            return failed(
                job, .init(.noOutput, "The worker no longer has the output '\(name.prefix(255))'."))
        case .failure(.tooMany(let count)):
            return failed(
                job,
                .init(
                    .storageFailed,
                    "The workflow left \(count) outputs; at most \(OutputStore.limit) are kept."))
        case .failure(.worker(let error)): return await lost(job, error)
        case .failure(.storage(let error)):
            Log.error(
                "outputs not stored", ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
            return failed(
                job, .init(.storageFailed, "The outputs could not be stored (\(error.code.rawValue))."))
        }
    }

    /// What a prompt that we stopped comes to: its user wanted it, or its time was over. nil when it was not us.
    func endOnRequest(_ job: Job) async throws(AWSError) -> RunEnd? {
        guard let now = try await store.job(job.id) else { return nil }
        if now.cancelRequestedAt != nil { return .ended(.cancelled, of: now) }
        return now.isOverTime(at: services.now) ? failed(now, now.timeoutFailure) : nil
    }

    /// By us, or by somebody at the worker's own page: then one more try.
    func interrupted(_ job: Job) async throws(AWSError) -> RunEnd {
        if let end = try await endOnRequest(job) { return end }
        return oneMoreTry(job, .init(.cancelled, "Somebody interrupted the job on its worker."))
    }

    /// `/free` gives the memory of other models back; one more try, then it is the workflow that is too big.
    func outOfMemory(_ node: HistoryEntry.NodeFailure, _ job: Job) async -> RunEnd {
        try? await client.free()
        var out = failure(node)
        out.code = .outOfMemory
        return oneMoreTry(job, out)
    }

    /// Once for each cause: an attempt that was lost with its worker is none of these.
    private func oneMoreTry(_ job: Job, _ failure: Job.Failure) -> RunEnd {
        let isRepeated = job.attempts.contains { $0.error == failure.code }
        return isRepeated ? failed(job, failure) : again(job, failure)
    }

    func failed(_ job: Job, _ failure: Job.Failure, outputs: [Job.Output] = []) -> RunEnd {
        .ended(.failed(failure, outputs: outputs), of: job)
    }

    func failure(_ node: HistoryEntry.NodeFailure) -> Job.Failure {
        .init(
            .nodeFailed, "Node \(node.nodeID) (\(node.classType)) failed: \(node.message)",
            details: [
                "node_id": .string(node.nodeID), "class_type": .string(node.classType),
                "exception_type": .string(node.exceptionType),
            ])
    }

    /// The worker is out of reach: not the workflow's fault.
    func lost(_ job: Job, _ error: ComfyUIError) async -> RunEnd {
        if error.code == .cancelled { return .abandoned("cancelled") }
        try? await registry.recordFailure(of: worker, at: services.now)
        Log.warn("worker lost", ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
        return again(job, .init(.workerLost, "The connection to the worker was lost."))
    }

    /// Backoff from 1 s, doubling with the attempts.
    func again(_ job: Job, _ failure: Job.Failure) -> RunEnd {
        .ended(.attemptFailed(failure, delay: .seconds(1 << min(job.attempt - 1, 6))), of: job)
    }
}
