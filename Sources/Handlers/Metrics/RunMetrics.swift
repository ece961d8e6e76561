import ComfyUI
import Telemetry

/// How long each node of a run takes, and which ones a worker's cache saves: told by the frames that say when a node begins.
///
/// Classes are named only when they are in the allow list, so that no workflow makes a metric of its own.
actor RunMetrics {
    enum CacheType: String, CaseIterable { case node, model }
    enum CacheResult: String { case hit, miss }
    /// The one cache that is told of: a worker's own, in its memory.
    static let cacheLevel = "worker"
    /// What a model was loaded from when its node ran: not from memory.
    private static let source = "disk"

    private let classes: [String: String]
    private let names: Set<String>
    private let tallies: MetricTallies
    private let now: @Sendable () -> ContinuousClock.Instant
    /// nil until the first node that was seen to begin.
    private var running: (node: String, since: ContinuousClock.Instant)?
    /// Whoever comes later has not seen the node begin that runs.
    private var mayMeasure: Bool

    init(
        graph: WorkflowGraph, names: Set<String>, isResumed: Bool, tallies: MetricTallies,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        classes = Dictionary(graph.nodes.map { ($0.id, $0.classType) }) { $1 }
        self.names = names
        mayMeasure = !isResumed
        self.tallies = tallies
        self.now = now
    }

    /// Adds what a frame of our prompt says.
    func note(_ event: ExecutionEvent) {
        switch event {
        case .cached(_, let nodes): for node in nodes { count(node, .hit) }
        case .executing(_, let node):
            let node = node.flatMap(known)
            if node == running?.node { return }
            end()
            if let node { begin(node) }
        // A node that did not get to its end says nothing of how long it takes.
        case .failed, .interrupted: running = nil
        default: break
        }
    }

    private func begin(_ node: String) {
        if mayMeasure { count(node, .miss) }
        running = mayMeasure ? (node, now()) : nil
        mayMeasure = true
    }

    private func end() {
        guard let (node, since) = running, let classType = classes[node] else { return }
        running = nil
        let (ended, name) = (now(), names.contains(classType) ? classType : "other")
        let seconds = (ended - since) / .seconds(1)
        Metrics.add(.nodeDuration, seconds, .seconds, dimensions: ["ClassType": name])
        Trace.record("node \(name)", from: since, to: ended, attributes: ["node.id": node])
        if let model = Self.models[classType] {
            tallies.observe(.modelLoads, model, Self.source, value: seconds)
        }
    }

    private func count(_ node: String, _ result: CacheResult) {
        guard let classType = classes[node] else { return }
        tallies.count(.cacheLookups, Self.cacheLevel, CacheType.node.rawValue, result.rawValue)
        if Self.models[classType] != nil {
            tallies.count(.cacheLookups, Self.cacheLevel, CacheType.model.rawValue, result.rawValue)
        }
    }

    /// The graph's own node: `3.0.0.2` runs inside node `3` that expanded.
    private func known(_ id: String) -> String? {
        var id = id[...]
        while classes[String(id)] == nil {
            guard let dot = id.lastIndex(of: ".") else { return nil }
            id = id[..<dot]
        }
        return String(id)
    }

    /// What the nodes that load models load.
    private static let models = [
        "CheckpointLoaderSimple": "checkpoint", "unCLIPCheckpointLoader": "checkpoint",
        "UNETLoader": "diffusion_model", "CLIPLoader": "text_encoder", "DualCLIPLoader": "text_encoder",
        "TripleCLIPLoader": "text_encoder", "CLIPVisionLoader": "vision_encoder",
        "ControlNetLoader": "controlnet", "LoraLoader": "lora", "LoraLoaderModelOnly": "lora",
        "StyleModelLoader": "style_model", "UpscaleModelLoader": "upscaler", "VAELoader": "vae",
    ]
}
