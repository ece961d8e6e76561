import ComfyUI
import JSON

/// The model files of a worker by kind, as it lists them. Names only, of which there are bounds: a worker is a peer.
struct WorkerModels: Sendable, Hashable {
    /// By folder (`checkpoints`, `loras`), in the worker's order.
    private(set) var folders: [String: [String]] = [:]

    private static let maximumFolders = 64
    private static let maximumFiles = 10_000
    private static let maximumNameBytes = 255
    /// Code and settings of the worker, which its `/models` lists too.
    private static let noModels: Set = ["configs", "custom_nodes"]
    /// What a `checkpoint` of a job may stand in: `ckpt_name` and `unet_name` read these.
    private static let checkpointFolders = ["checkpoints", "diffusion_models", "unet"]

    /// Asks the worker; a folder that it lists and does not open is left out.
    static func read(_ client: ComfyUIClient) async throws(ComfyUIError) -> WorkerModels {
        var models = WorkerModels()
        for folder in try await client.modelFolders().prefix(maximumFolders) {
            do {
                models.add(try await client.models(in: folder), to: folder)
            } catch  where error.code == .notFound {
                continue
            }
        }
        return models
    }

    /// Whether a text may be the name of a folder.
    static func isFolder(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// Keeps the names of a folder that are none too long, until there are as many as may be.
    mutating func add(_ names: [String], to folder: String) {
        guard Self.isFolder(folder), !Self.noModels.contains(folder) else { return }
        let known = folders.values.reduce(0) { $0 + $1.count }
        folders[folder] = Array(
            names.filter { (1...Self.maximumNameBytes).contains($0.utf8.count) }
                .prefix(max(0, Self.maximumFiles - known)))
    }

    /// What a job may name as its checkpoint there.
    var checkpoints: [String] { Self.checkpointFolders.flatMap { folders[$0] ?? [] } }

    /// Equal models give equal bytes.
    var serialized: JSON {
        .object(
            JSON.Object(
                folders.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value.map { .string($0) })) }))
    }

    init() {}

    /// What `serialized` wrote.
    init(serialized: JSON) {
        for (folder, names) in serialized.object ?? [:] {
            add((names.array ?? []).compactMap(\.string), to: folder)
        }
    }
}
