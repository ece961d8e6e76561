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
    /// When the running node began.
    private var nodeBegan = ContinuousClock.now
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
        let node = progress.nodeID
        guard progress.apply(event), progress.nodeID != nil || progress.percent > 0 else { return }
        if progress.nodeID != node { nodeBegan = .now }
        change.yield()
    }

    /// How long before the end it is told that the run is nearly over.
    static let foresight: Duration = .milliseconds(500)
    /// Behind the sampler the picture is decoded and stored.
    private static let lastNodes = 3

    /// Whether the last node runs, or one of the last that counts its steps and has less than `foresight` to go at its pace.
    func isNearlyOver(at now: ContinuousClock.Instant = .now) -> Bool {
        let left = progress.nodesTotal - progress.nodesDone
        if left <= 1 { return true }
        guard left <= Self.lastNodes, progress.value > 0 else { return false }
        return (now - nodeBegan) * (progress.maximum - progress.value) / progress.value <= Self.foresight
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
