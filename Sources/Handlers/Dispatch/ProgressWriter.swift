import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Writes a run's progress into the table, at most once a second: what a frame says at once when the last write is long
/// enough ago, else a moment later together with what came meanwhile.
///
/// Frames are never kept waiting for the table, and nothing here can fail a job: what cannot be written is logged and
/// tried again with the next write.
actor ProgressWriter {
    private var progress: Progress
    private var preview: Preview?
    private let store: @Sendable (JSON, Preview?) async throws -> Void
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    /// Between two writes.
    static let interval: Duration = .seconds(1)

    /// `earlier`: what another process wrote of the same attempt.
    init(
        graph: WorkflowGraph, continuing earlier: JSON?,
        store: @escaping @Sendable (JSON, Preview?) async throws -> Void
    ) {
        progress = earlier.map { Progress(graph: graph, continuing: $0) } ?? Progress(graph: graph)
        self.store = store
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Adds what a frame says.
    func apply(_ event: ExecutionEvent) {
        // Before a node has begun there is nothing to tell, and the first write would delay the next by a second.
        guard progress.apply(event), progress.nodeID != nil || progress.percent > 0 else { return }
        change.yield()
    }

    /// What can be seen from now on.
    func show(_ preview: Preview) {
        self.preview = preview
        change.yield()
    }

    /// Writes what changes, until the task is cancelled.
    func write(every interval: Duration = ProgressWriter.interval, on loop: EventLoop) async {
        for await _ in changes {
            do {
                try await store(progress.json, preview)
            } catch {
                if Task.isCancelled { return }
                Log.warn("progress not written", ["error": .string("\(error)")])
                change.yield()
            }
            try? await loop.sleep(for: interval)
        }
    }
}
