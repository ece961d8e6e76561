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
    let ledger: OutputLedger
    let gate: TransferGate

    private var store: JobStore { services.store }
    private var configuration: Configuration { services.configuration }

    /// Never throws: whatever goes wrong is a way to end.
    func run() async -> RunEnd? {
        do {
            guard let graph = try await services.documents.workflow(claimed.id) else {
                return failed(claimed, .init(.workflowRejected, "The stored workflow is gone."))
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
            return .ended(.cancelled, of: submitted)
        }
        let ready: WorkflowGraph
        do {
            ready = try await InputTransfer(
                services: services, client: client, user: submitted.user, promptID: promptID
            ).transfer(graph)
        } catch {
            await watcher.close()
            return await withoutInputs(submitted, error)
        }
        do {
            try await client.submit(
                ready.submission(runID: promptID, catalog: .standard), promptID: promptID,
                clientID: clientID)
        } catch {
            await watcher.close()
            if error.code == .rejected {
                return failed(
                    submitted, .init(.workflowRejected, error.message, details: error.details))
            }
            // After a lost answer the prompt may be there all the same: the watch, without a socket, asks that first.
            guard error.mayHaveBeenQueued else { return await lost(submitted, error) }
        }
        if submitted.id.part != nil { await JobParts(services: services).takeIn(submitted.id) }
        return try await watch(&watcher, graph, submitted)
    }

    private func withoutInputs(_ job: Job, _ failure: InputTransfer.Failure) async -> RunEnd {
        switch failure {
        case .unusable(let failure): return failed(job, failure)
        case .worker(let error): return await lost(job, error)
        case .storage(let error):
            Log.error(
                "input not read", ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
            return again(
                job, .init(.storageFailed, "An input could not be read (\(error.code.rawValue))."))
        }
    }

    /// Another process submitted it: the watch, without a socket, asks first whether it has ended.
    private func resume(_ graph: WorkflowGraph) async throws(AWSError) -> RunEnd {
        guard let promptID = claimed.run?.promptID, let clientID = claimed.run?.clientID else {
            return .abandoned("a run without a prompt id")
        }
        var watcher = ExecutionWatcher(
            client: client, loop: services.http.loop, promptID: promptID, clientID: clientID)
        await ledger.load()
        return try await watch(&watcher, graph, claimed)
    }

    private func watch(_ watcher: inout ExecutionWatcher, _ graph: WorkflowGraph, _ job: Job)
        async throws(AWSError) -> RunEnd
    {
        let isResumed = claimed.run?.promptID != nil
        let earlier = isResumed ? try? await services.documents.progress(job.id, attempt: job.attempt) : nil
        let expires = services.now + configuration.policy.retention
        let writer = ProgressWriter(graph: graph, continuing: earlier) { [documents = services.documents] in
            try await documents.store(progress: $0, of: job.attempt, for: job.id, expires: expires)
        }
        let outputs = OutputStore(
            s3: services.s3, configuration: configuration, loop: services.http.loop, job: job, client: client,
            ledger: ledger, gate: gate)
        if isResumed || job.attempt > 1 { await outputs.abortUnfinished() }
        let foresight = OutputForesight()
        let metrics = RunMetrics(
            graph: graph, names: services.nodeNames, isResumed: isResumed, tallies: services.metrics.tallies)
        // Both end with the watch: the one is cancelled, the other is waited for where the outputs count.
        async let _ = writer.write(on: services.http.loop)
        async let storing: Void = outputs.store(foresight.sources)
        let end: ExecutionWatcher.End
        do {
            end = try await watcher.watch(patience: configuration.workerPatience) { event in
                // Who comes later has not heard which outputs were before.
                if !isResumed { await foresight.note(event) }
                await writer.apply(event)
                await metrics.note(event)
            }
        } catch {
            return await lost(job, error)
        }
        foresight.finish()
        switch end {
        case .finished(let entry):
            switch entry.outcome {
            case .interrupted: return try await interrupted(job)
            case .failed(let node) where node.isOutOfMemory: return await outOfMemory(node, job)
            case .failed(let node):
                await storing
                return failed(job, failure(node), outputs: await outputs.storeWhatExists(entry))
            case .success:
                await storing
                return await succeeded(job, outputs.store(entry))
            }
        case .lost:
            // A prompt that was deleted from the queue on request leaves no trace either.
            if let end = try await endOnRequest(job) { return end }
            return again(
                job, .init(.workerLost, "The worker lost the job; it was restarted or its queue was cleared.")
            )
        }
    }

    private func succeeded(_ job: Job, _ stored: Result<[Job.Output], OutputStore.Failure>) async -> RunEnd {
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
    private func endOnRequest(_ job: Job) async throws(AWSError) -> RunEnd? {
        guard let now = try await store.job(job.id) else { return nil }
        if now.cancelRequestedAt != nil { return .ended(.cancelled, of: now) }
        return now.isOverTime(at: services.now) ? failed(now, now.timeoutFailure) : nil
    }

    /// By us, or by somebody at the worker's own page: then one more try.
    private func interrupted(_ job: Job) async throws(AWSError) -> RunEnd {
        if let end = try await endOnRequest(job) { return end }
        return oneMoreTry(job, .init(.cancelled, "Somebody interrupted the job on its worker."))
    }

    /// `/free` gives the memory of other models back; one more try, then it is the workflow that is too big.
    private func outOfMemory(_ node: HistoryEntry.NodeFailure, _ job: Job) async -> RunEnd {
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

    private func failed(_ job: Job, _ failure: Job.Failure, outputs: [Job.Output] = []) -> RunEnd {
        .ended(.failed(failure, outputs: outputs), of: job)
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
    private func lost(_ job: Job, _ error: ComfyUIError) async -> RunEnd {
        if error.code == .cancelled { return .abandoned("cancelled") }
        try? await registry.recordFailure(of: worker, at: services.now)
        Log.warn("worker lost", ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
        return again(job, .init(.workerLost, "The connection to the worker was lost."))
    }

    /// Backoff from 1 s, doubling with the attempts.
    private func again(_ job: Job, _ failure: Job.Failure) -> RunEnd {
        .ended(.attemptFailed(failure, delay: .seconds(1 << min(job.attempt - 1, 6))), of: job)
    }
}
