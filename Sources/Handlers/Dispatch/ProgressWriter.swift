import ComfyUI
import Crypto
import JSON
import Telemetry
import Time

/// Writes a run's progress into the table, at most once a second.
///
/// Nothing here can fail a job: what cannot be written is logged and superseded by the next frame.
actor ProgressWriter {
    private var progress: Progress
    private let documents: JobDocuments
    private let job: Job.ID
    private let attempt: Int
    private let expires: Timestamp
    private var lastWrite: ContinuousClock.Instant?

    static let interval: Duration = .seconds(1)

    /// `earlier`: what another process wrote of the same attempt.
    init(
        graph: WorkflowGraph, continuing earlier: JSON?, documents: JobDocuments, job: Job, expires: Timestamp
    ) {
        progress =
            earlier.map { Progress(graph: graph, continuing: $0) } ?? Progress(graph: graph)
        self.documents = documents
        self.job = job.id
        attempt = job.attempt
        self.expires = expires
    }

    /// Adds what a frame says, and writes when the last write is long enough ago.
    func apply(_ event: ExecutionEvent) async {
        // Before a node has begun there is nothing to tell, and the first write would delay the next by a second.
        guard progress.apply(event), progress.nodeID != nil || progress.percent > 0 else { return }
        let now = ContinuousClock.now
        if let lastWrite, now - lastWrite < Self.interval { return }
        lastWrite = now
        do {
            try await documents.store(progress: progress.json, of: attempt, for: job, expires: expires)
        } catch {
            Log.warn("progress not written", ["job_id": .string("\(job)"), "error": .string("\(error)")])
        }
    }
}
