import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry

/// What is known of the workers' nodes and models. Items of their own, because whoever lists the workers does not want
/// them; what several workers have alike is read once.
extension WorkerRegistry {
    /// A digest larger than this, unpacked, is none of ours.
    private static let documentLimit = 16 << 20
    /// Of more kinds of workers than this nothing is checked here.
    private static let maximumKinds = 32

    /// What a local check may use: what the workers that take jobs have, all together. nil while nothing is known.
    func digest() async throws(AWSError) -> ObjectInfoDigest? {
        let kinds = Dictionary(
            try await recorded().filter(\.takesJobs).compactMap { worker in
                worker.digestHash.map { ($0, worker) }
            }
        ) { first, _ in first }
        guard kinds.count <= Self.maximumKinds else { return nil }
        var digests: [ObjectInfoDigest] = []
        for worker in kinds.values.sorted(by: { $0.id < $1.id }) {
            guard let json = try await document(digestKey(worker)),
                let digest = ObjectInfoDigest(serialized: json)
            else { continue }
            digests.append(digest)
        }
        return ObjectInfoDigest.union(digests)
    }

    /// The models of the workers that take jobs, by the worker's id; those of whom none are known are left out.
    func models() async throws(AWSError) -> [String: WorkerModels] {
        var known: [String: WorkerModels] = [:]
        var models: [String: WorkerModels] = [:]
        for worker in try await recorded() where worker.takesJobs {
            guard let hash = worker.modelsHash else { continue }
            if known[hash] == nil {
                known[hash] = try await document(modelsKey(worker)).map(WorkerModels.init(serialized:))
            }
            models[worker.id] = known[hash]
        }
        return models
    }

    /// Stores what the worker's `/object_info` says, unless it is what is stored already.
    func record(_ objectInfo: JSON, of worker: Worker) async throws(AWSError) {
        let digest = ObjectInfoDigest(objectInfo: objectInfo).serialized.serialized()
        let hash = Hex.encode(SHA256.hash(digest))
        if hash == worker.digestHash { return }
        try await store(digest, digestKey(worker))
        try await dynamoDB.update(key(worker), in: table, [.set("digest_hash", .s(hash))])
    }

    /// Stores which models it has, unless that is what is stored already. The checkpoints stand in the worker's item too,
    /// where dispatchers see them.
    func record(_ models: WorkerModels, of worker: Worker) async throws(AWSError) {
        let document = models.serialized.serialized()
        let hash = Hex.encode(SHA256.hash(document))
        if hash == worker.modelsHash { return }
        try await store(document, modelsKey(worker))
        let checkpoints = models.checkpoints
        let fits = checkpoints.reduce(0) { $0 + $1.utf8.count } <= Worker.checkpointBytes
        try await dynamoDB.update(
            key(worker), in: table,
            [
                .set("models_hash", .s(hash)),
                fits
                    ? .set("checkpoints", .l(checkpoints.map { .s($0) })) : .remove("checkpoints"),
            ])
    }

    /// With the worker they go too.
    func forgetKnowledge(of worker: Worker) async throws(AWSError) {
        try await dynamoDB.delete(digestKey(worker), from: table)
        try await dynamoDB.delete(modelsKey(worker), from: table)
    }

    private func store(_ document: [UInt8], _ key: Item) async throws(AWSError) {
        var item = key
        item["gzip"] = .b(Gzip.compress(document))
        try await dynamoDB.put(item, into: table)
    }

    private func document(_ key: Item) async throws(AWSError) -> JSON? {
        guard let bytes = try await dynamoDB.get(key, from: table)?["gzip"]?.bytes,
            let plain = Gzip.decompress(bytes, limit: Self.documentLimit)
        else { return nil }
        return try? JSON(parsing: plain)
    }

    private func digestKey(_ worker: Worker) -> Item {
        ["pk": .s("WORKER#\(worker.id)"), "sk": .s("DIGEST")]
    }

    private func modelsKey(_ worker: Worker) -> Item {
        ["pk": .s("WORKER#\(worker.id)"), "sk": .s("MODELS")]
    }
}
