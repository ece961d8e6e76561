import ComfyUI
import HTTP
import JSON
import Telemetry
import Time

/// Puts a run's previews into the bucket, one at a time and at most one a second: the newest, and none of those that came meanwhile.
///
/// Frames are never kept waiting for the bucket, and nothing here can fail a job or hold up its end: what cannot be stored is not shown.
actor PreviewWriter {
    private var newest: PreviewFrame?
    private var isOver = false
    private let nodes: Set<String>
    private let put: @Sendable ([UInt8], Preview) async throws -> Void
    private let changes: AsyncStream<Void>
    private let change: AsyncStream<Void>.Continuation

    /// Between two pictures.
    static let interval: Duration = .seconds(1)
    /// How long a picture may take to the bucket: then it is out of date.
    static let patience: Duration = .seconds(5)
    /// Of either side, in pixels: what a browser is asked to unpack.
    private static let longestSide = 4096
    static let contentTypes = ["image/jpeg", "image/png", "image/webp"]

    /// `put` stores a picture and tells of it.
    init(graph: WorkflowGraph, put: @escaping @Sendable ([UInt8], Preview) async throws -> Void) {
        nodes = Set(graph.nodes.map(\.id))
        self.put = put
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes the place of one that still waits.
    func take(_ frame: PreviewFrame) {
        guard !isOver else { return }
        newest = frame
        change.yield()
    }

    /// The run is over: what waits is not wanted any more.
    func finish() {
        isOver = true
        newest = nil
        change.finish()
    }

    /// Stores what comes, until `finish`, or until the task is cancelled.
    func write(every interval: Duration = PreviewWriter.interval, on loop: EventLoop) async {
        for await _ in changes {
            guard let frame = newest, let preview = preview(of: frame) else { continue }
            newest = nil
            do {
                try await withDeadline(Self.patience, on: loop) { [put] in
                    try await put(frame.image, preview)
                }
            } catch {
                if Task.isCancelled { return }
                Log.debug("preview not stored", ["error": .string("\(error)")])
            }
            do {
                try await loop.sleep(for: interval)
            } catch {
                // Cancelled: nothing more is begun.
                return
            }
        }
    }

    /// By the picture's own look; nil for what is no picture, or one that is too large. A node is shown when the graph has it.
    private func preview(of frame: PreviewFrame) -> Preview? {
        let media = MediaType(sniffing: Array(frame.image.prefix(MediaType.headLength)))
        guard Self.contentTypes.contains(media.contentType), let width = media.width,
            let height = media.height, max(width, height) <= Self.longestSide
        else { return nil }
        return Preview(
            takenAt: .now, nodeID: frame.nodeID.flatMap { nodes.contains($0) ? $0 : nil },
            contentType: media.contentType, width: width, height: height)
    }
}
