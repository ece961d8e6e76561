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
    private let job: UUID
    private let expires: Timestamp
    private var lastWrite: ContinuousClock.Instant?

    static let interval: Duration = .seconds(1)

    init(graph: WorkflowGraph, documents: JobDocuments, job: UUID, expires: Timestamp) {
        progress = Progress(graph: graph)
        self.documents = documents
        self.job = job
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
            try await documents.store(progress: progress.json, for: job, expires: expires)
        } catch {
            Log.warn("progress not written", ["job_id": .string("\(job)"), "error": .string("\(error)")])
        }
    }
}
