import ComfyUI
import Crypto

/// One of the outputs of a run, where it is before it is stored.
struct OutputSource: Sendable, Hashable {
    /// What it is made of.
    enum Content: Sendable, Hashable {
        case file(OutputFile)
        case text(nodeID: String, String)
    }

    /// Its place in the history: files first, then texts.
    let index: Int
    let content: Content

    /// Everything a run left, in the order of its history.
    static func all(of entry: HistoryEntry) -> [OutputSource] {
        let contents = entry.files.map(Content.file) + entry.texts.map { .text(nodeID: $0.nodeID, $0.text) }
        return contents.enumerated().map { OutputSource(index: $0.offset, content: $0.element) }
    }

    /// The same for the same output at the same place, in whatever process.
    var id: UUID {
        switch content {
        case .file(let file):
            .derived(from: ["file", "\(index)", file.nodeID, file.type, file.subfolder, file.filename])
        case .text(let nodeID, let text): .derived(from: ["text", "\(index)", nodeID, text])
        }
    }
}

/// Which files a run leaves, told by its `executed` frames a moment (or, with nodes behind them, much) earlier than by
/// its history. ComfyUI lists nodes in its history in the order in which it sends these frames; after a frame that
/// nobody heard the places are wrong, and the history has the last word.
actor OutputForesight {
    /// What was foreseen, as it comes; ends with `finish`.
    nonisolated let sources: AsyncStream<OutputSource>
    private let continuation: AsyncStream<OutputSource>.Continuation
    private var seen: Set<OutputFile> = []

    init() { (sources, continuation) = AsyncStream.makeStream() }

    /// No more than a job may have: a worker may say anything.
    func note(_ event: ExecutionEvent) {
        guard case .executed(_, let node, let output) = event else { return }
        for file in OutputFile.files(in: output, of: node) where seen.count < OutputStore.limit {
            let index = seen.count
            if seen.insert(file).inserted {
                continuation.yield(OutputSource(index: index, content: .file(file)))
            }
        }
    }

    /// The run is over.
    nonisolated func finish() { continuation.finish() }
}
