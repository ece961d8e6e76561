import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Synchronization
import Telemetry
import Time

/// The run itself: from the stored workflow to stored outputs, or from a prompt that another process submitted.
struct PromptRun: Sendable {
    /// As it was claimed or resumed; each step hands on the job as it is then.
    let claimed: Job
    let origin: Origin
    let worker: Worker
    let client: ComfyUIClient
    let services: Services
    let registry: WorkerRegistry
    let ledger: OutputLedger
    let gate: TransferGate
    /// Called when the run is nearly over, where that can be told, and when the worker is done with the prompt; its outputs are not
    /// stored then.
    var onEnding: @Sendable () -> Void = {}

    /// How a run came to its job.
    enum Origin: Sendable {
        /// Just claimed, with its workflow when that was read already. Where the claim names a prompt the attempt is counted, and nothing
        /// has to be done before it is sent.
        case claimed(WorkflowGraph?)
        /// Taken over from another run.
        case resumed

        var isResumed: Bool { if case .resumed = self { true } else { false } }
    }

    /// Another process sent the prompt, or was about to.
    private var isSent: Bool { origin.isResumed && claimed.run?.promptID != nil }
    /// The attempt was counted with the claim, and its prompt is not sent yet.
    private var isCounted: Bool { !origin.isResumed && claimed.run?.promptID != nil }

    var store: JobStore { services.store }
    var configuration: Configuration { services.configuration }

    /// Never throws: whatever goes wrong is a way to end.
    func run() async -> RunEnd? {
        do {
            var stored: WorkflowGraph?
            if case .claimed(let workflow) = origin { stored = workflow }
            if stored == nil { stored = try await services.documents.workflow(claimed.id) }
            guard let graph = stored else {
                return failed(claimed, .init(.workflowRejected, "The stored workflow is gone."))
            }
            let end = isSent ? try await resume(graph) : try await submit(graph)
            return Task.isCancelled ? nil : end
        } catch {
            return Task.isCancelled ? nil : .abandoned("\(error)")
        }
    }

    private func submit(_ graph: WorkflowGraph) async throws(AWSError) -> RunEnd {
        let attempt = isCounted ? claimed.attempt : claimed.attempt + 1
        let promptID = PromptID.derive(job: claimed.id, attempt: attempt)
        let clientID = PromptID.client(job: claimed.id, attempt: attempt)
        var watcher = ExecutionWatcher(
            client: client, loop: services.http.loop, promptID: promptID, clientID: clientID,
            wantsPreviews: claimed.wantsPreviews)
        var ready = graph
        if !isCounted {
            do {
                ready = try await InputTransfer(
                    services: services, client: client, user: claimed.user, promptID: promptID
                ).transfer(graph)
            } catch {
                if Task.isCancelled { return .abandoned("cancelled") }
                return try await withoutInputs(error, promptID: promptID, clientID: clientID)
            }
            guard !Task.isCancelled else { return .abandoned("cancelled") }
        }
        await watcher.open()
        let submitted: Job
        switch try await send(ready, promptID: promptID, clientID: clientID) {
        case .sent(let job): submitted = job
        case .notSent(let end):
            await watcher.close()
            return end
        }
        if submitted.id.part != nil { await JobParts(services: services).takeIn(submitted.id) }
        return try await watch(&watcher, graph, submitted)
    }

    /// What came of counting the attempt and sending its prompt.
    private enum Sending: Sendable {
        case sent(Job)
        case notSent(RunEnd)
    }

    /// How long a submission that has begun may outlast its run.
    private var sendingPatience: Duration { configuration.handOffMargin / 4 }

    /// Counts the attempt and sends its prompt. A hand-off between the two would cost an attempt that no worker saw, so what has begun is
    /// seen through though the run is cancelled, for `sendingPatience`.
    private func send(_ graph: WorkflowGraph, promptID: String, clientID: String) async throws(AWSError)
        -> Sending
    {
        let loop = services.http.loop
        let sending = loop.task {
            do throws(AWSError) {
                return Result<Sending, AWSError>.success(
                    try await countAndSend(graph, promptID: promptID, clientID: clientID))
            } catch {
                return .failure(error)
            }
        }
        let patience = sendingPatience
        let sent = await withTaskCancellationHandler {
            await sending.result
        } onCancel: {
            loop.task {
                try await loop.sleep(for: patience)
                sending.cancel()
            }
        }
        switch sent {
        case .success(let sent): return try sent.get()
        case .failure: return .notSent(.abandoned("cancelled"))
        }
    }

    /// Takes note of the attempt under its prompt's id; nil when the lease is lost.
    private func counted(promptID: String, clientID: String) async throws(AWSError) -> Job? {
        let counted = try await store.apply(
            .submitted(promptID: promptID, clientID: clientID), to: claimed)
        guard case .done(let job) = counted else { return nil }
        return job
    }

    private func countAndSend(_ graph: WorkflowGraph, promptID: String, clientID: String)
        async throws(AWSError) -> Sending
    {
        guard
            let job = isCounted ? claimed : try await counted(promptID: promptID, clientID: clientID)
        else { return .notSent(.leaseLost) }
        if job.cancelRequestedAt != nil { return .notSent(.ended(.cancelled, of: job)) }
        do {
            try await client.submit(
                graph.submission(runID: promptID, catalog: .standard), promptID: promptID,
                clientID: clientID, previews: job.wantsPreviews)
        } catch {
            if error.code == .rejected {
                return .notSent(
                    failed(job, .init(.workflowRejected, error.message, details: error.details)))
            }
            // After a lost answer the prompt may be there all the same: the watch, without a socket, asks that first.
            guard error.mayHaveBeenQueued else { return .notSent(await lost(job, error)) }
        }
        return .sent(job)
    }

    /// A file that could not be brought over is an attempt all the same, so that it is not tried for ever; one that nobody could use
    /// fails the job at once.
    private func withoutInputs(_ failure: InputTransfer.Failure, promptID: String, clientID: String)
        async throws(AWSError) -> RunEnd
    {
        let unsent: (Job) async -> RunEnd
        switch failure {
        case .unusable(let failure): return failed(claimed, failure)
        case .worker(let error): unsent = { await lost($0, error) }
        case .storage(let error):
            Log.error(
                "input not read", ["job_id": .string("\(claimed.id)"), "error": .string("\(error)")])
            unsent = {
                again(
                    $0, .init(.storageFailed, "An input could not be read (\(error.code.rawValue))."))
            }
        }
        guard let job = try await counted(promptID: promptID, clientID: clientID) else { return .leaseLost }
        return await unsent(job)
    }

    /// Another process submitted it: the watch, without a socket, asks first whether it has ended.
    private func resume(_ graph: WorkflowGraph) async throws(AWSError) -> RunEnd {
        guard let promptID = claimed.run?.promptID, let clientID = claimed.run?.clientID else {
            return .abandoned("a run without a prompt id")
        }
        var watcher = ExecutionWatcher(
            client: client, loop: services.http.loop, promptID: promptID, clientID: clientID,
            wantsPreviews: claimed.wantsPreviews)
        await ledger.load()
        return try await watch(&watcher, graph, claimed)
    }

    private func watch(_ watcher: inout ExecutionWatcher, _ graph: WorkflowGraph, _ job: Job)
        async throws(AWSError) -> RunEnd
    {
        let isResumed = isSent
        let earlier = isResumed ? try? await services.documents.progress(job.id, attempt: job.attempt) : nil
        let expires = services.now + configuration.policy.retention
        let writer = ProgressWriter(graph: graph, continuing: earlier) { [documents = services.documents] in
            try await documents.store(
                progress: $0, preview: $1, of: job.attempt, for: job.id, expires: expires)
        }
        let previews = job.wantsPreviews ? previewWriter(graph, job, writer) : nil
        let outputs = OutputStore(
            s3: services.s3, configuration: configuration, loop: services.http.loop, job: job, client: client,
            ledger: ledger, gate: gate)
        if isResumed || job.attempt > 1 { await outputs.abortUnfinished() }
        let foresight = OutputForesight()
        let metrics = RunMetrics(
            graph: graph, names: services.nodeNames.all, isResumed: isResumed,
            tallies: services.metrics.tallies)
        // All end with the watch: two are cancelled, the other is waited for where the outputs count.
        async let _ = writer.write(on: services.http.loop)
        async let _: Void? = previews?.write(on: services.http.loop)
        async let storing: Void = outputs.store(foresight.sources)
        let ending = Once(onEnding)
        let end: ExecutionWatcher.End
        do {
            end = try await watcher.watch(
                patience: configuration.workerPatience, onPreview: { await previews?.take($0) }
            ) { event in
                // Who comes later has not heard which outputs were before.
                if !isResumed { await foresight.note(event) }
                await writer.apply(event)
                if !isResumed, await writer.isNearlyOver() { ending.call() }
                await metrics.note(event)
            }
        } catch {
            return await lost(job, error)
        }
        onEnding()
        foresight.finish()
        await previews?.finish()
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

    private func previewWriter(_ graph: WorkflowGraph, _ job: Job, _ progress: ProgressWriter)
        -> PreviewWriter
    {
        PreviewWriter(graph: graph) { [store = services.previews] image, preview in
            try await store.put(image, preview.contentType, of: job.id, user: job.user)
            await progress.show(preview)
        }
    }
}

/// Calls a function the first time.
private final class Once: Sendable {
    private let function: @Sendable () -> Void
    private let isCalled = Atomic(false)

    init(_ function: @escaping @Sendable () -> Void) { self.function = function }

    func call() {
        if !isCalled.exchange(true, ordering: .relaxed) { function() }
    }
}
