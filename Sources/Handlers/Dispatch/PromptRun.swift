import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// The run itself: from the stored workflow to stored outputs, or from a prompt that another process submitted.
struct PromptRun: Sendable {
    /// As it was claimed or resumed; each step hands on the job as it is then.
    let claimed: Job
    let worker: Worker
    let client: ComfyUIClient
    let services: Services
    let registry: WorkerRegistry

    private var store: JobStore { services.store }
    private var configuration: Configuration { services.configuration }

    /// Never throws: whatever goes wrong is a way to end.
    func run() async -> RunEnd? {
        do {
            guard let graph = try await services.documents.workflow(claimed.id) else {
                return .ended(.failed(.init(.workflowRejected, "The stored workflow is gone."), outputs: []))
            }
            let end =
                claimed.run?.promptID == nil ? try await submit(graph) : try await resume(graph)
            return Task.isCancelled ? nil : end
        } catch {
            return Task.isCancelled ? nil : .abandoned("\(error)")
        }
    }

    private func submit(_ graph: WorkflowGraph) async throws(AWSError) -> RunEnd {
        let attempt = claimed.attempt + 1
        let promptID = PromptID.derive(job: claimed.id, attempt: attempt)
        let clientID = PromptID.client(job: claimed.id, attempt: attempt)
        var watcher = ExecutionWatcher(
            client: client, loop: services.http.loop, promptID: promptID, clientID: clientID)
        await watcher.open()
        let submitted: Job
        switch try await store.apply(.submitted(promptID: promptID, clientID: clientID), to: claimed) {
        case .done(let written): submitted = written
        case .lost:
            await watcher.close()
            return .leaseLost
        }
        if submitted.cancelRequestedAt != nil {
            await watcher.close()
            return .ended(.cancelled)
        }
        do {
            try await client.submit(
                graph.submission(runID: promptID, catalog: .standard), promptID: promptID,
                clientID: clientID)
        } catch {
            await watcher.close()
            if error.code == .rejected {
                return .ended(
                    .failed(
                        .init(.workflowRejected, error.message, details: error.details), outputs: []))
            }
            // After a lost answer the prompt may be there all the same: the watch, without a socket, asks that first.
            guard error.mayHaveBeenQueued else { return await lost(error) }
        }
        return try await watch(&watcher, graph, submitted)
    }

    /// Another process submitted it: the watch, without a socket, asks first whether it has ended.
    private func resume(_ graph: WorkflowGraph) async throws(AWSError) -> RunEnd {
        guard let promptID = claimed.run?.promptID, let clientID = claimed.run?.clientID else {
            return .abandoned("a run without a prompt id")
        }
        var watcher = ExecutionWatcher(
            client: client, loop: services.http.loop, promptID: promptID, clientID: clientID)
        return try await watch(&watcher, graph, claimed)
    }

    private func watch(_ watcher: inout ExecutionWatcher, _ graph: WorkflowGraph, _ job: Job)
        async throws(AWSError) -> RunEnd
    {
        let isResumed = claimed.run?.promptID != nil
        let earlier = isResumed ? try? await services.documents.progress(job.id, attempt: job.attempt) : nil
        let writer = ProgressWriter(
            graph: graph, continuing: earlier, documents: services.documents, job: job,
            expires: services.now + configuration.policy.retention)
        let end: ExecutionWatcher.End
        do {
            end = try await watcher.watch(patience: configuration.workerPatience) { event in
                await writer.apply(event)
            }
        } catch {
            return await lost(error)
        }
        switch end {
        case .finished(let entry): return try await finish(entry, job)
        case .lost:
            // A prompt that was deleted from the queue on request leaves no trace either.
            if let end = try await endOnRequest(job) { return end }
            return again(
                .init(.workerLost, "The worker lost the job; it was restarted or its queue was cleared."))
        }
    }

    private func finish(_ entry: HistoryEntry, _ job: Job) async throws(AWSError) -> RunEnd {
        switch entry.outcome {
        case .interrupted:
            if let end = try await endOnRequest(job) { return end }
            let failure = Job.Failure(.workerLost, "Somebody interrupted the job on its worker.")
            return job.attempt > 1 ? .ended(.failed(failure, outputs: [])) : again(failure)
        case .failed(let node):
            if node.isOutOfMemory { return await outOfMemory(node, job) }
            let outputs = (try? await stored(entry, job).get()) ?? []
            return .ended(.failed(failure(node), outputs: outputs))
        case .success:
            switch await stored(entry, job) {
            case .success(let outputs) where outputs.isEmpty:
                return .ended(
                    .failed(.init(.noOutput, "The workflow ended without leaving an output."), outputs: []))
            case .success(let outputs): return .ended(.completed(outputs))
            case .failure(.missing(let name)):
                return .ended(
                    .failed(
                        .init(.noOutput, "The worker no longer has the output '\(name.prefix(255))'."),
                        outputs: []))
            case .failure(.tooMany(let count)):
                return .ended(
                    .failed(
                        .init(
                            .storageFailed,
                            "The workflow left \(count) outputs; at most \(OutputStore.limit) are kept."),
                        outputs: []))
            case .failure(.worker(let error)): return await lost(error)
            case .failure(.storage(let error)):
                Log.error(
                    "outputs not stored",
                    ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
                return .ended(
                    .failed(
                        .init(.storageFailed, "The outputs could not be stored (\(error.code.rawValue))."),
                        outputs: []))
            }
        }
    }

    /// What a prompt that we stopped comes to: its user wanted it, or its time was over. nil when it was not us.
    private func endOnRequest(_ job: Job) async throws(AWSError) -> RunEnd? {
        guard let now = try await store.job(job.id) else { return nil }
        if now.cancelRequestedAt != nil { return .ended(.cancelled) }
        return now.isOverTime(at: services.now) ? .ended(.failed(now.timeoutFailure, outputs: [])) : nil
    }

    private func stored(_ entry: HistoryEntry, _ job: Job) async -> Result<[Job.Output], OutputStore.Failure>
    {
        let outputs = OutputStore(
            s3: services.s3, bucket: configuration.bucket, loop: services.http.loop)
        do {
            return .success(try await outputs.store(entry, of: job, from: client))
        } catch {
            return .failure(error)
        }
    }

    /// `/free` gives the memory of other models back; one more try, then it is the workflow that is too big.
    private func outOfMemory(_ node: HistoryEntry.NodeFailure, _ job: Job) async -> RunEnd {
        try? await client.free()
        var out = failure(node)
        out.code = .outOfMemory
        return job.attempt > 1 ? .ended(.failed(out, outputs: [])) : again(out)
    }

    private func failure(_ node: HistoryEntry.NodeFailure) -> Job.Failure {
        .init(
            .nodeFailed, "Node \(node.nodeID) (\(node.classType)) failed: \(node.message)",
            details: [
                "node_id": .string(node.nodeID), "class_type": .string(node.classType),
                "exception_type": .string(node.exceptionType),
            ])
    }

    /// The worker is out of reach: not the workflow's fault.
    private func lost(_ error: ComfyUIError) async -> RunEnd {
        if error.code == .cancelled { return .abandoned("cancelled") }
        try? await registry.recordFailure(of: worker, at: services.now)
        Log.warn("worker lost", ["job_id": .string("\(claimed.id)"), "error": .string("\(error)")])
        return again(.init(.workerLost, "The connection to the worker was lost."))
    }

    /// Backoff from 1 s, doubling with the attempts.
    private func again(_ failure: Job.Failure) -> RunEnd {
        .ended(.attemptFailed(failure, delay: .seconds(1 << min(claimed.attempt, 6))))
    }
}
