import Crypto
import HTTP
import Time

/// A ComfyUI container as the table knows it.
struct Worker: Sendable {
    /// Opaque: the address is never shown outside.
    let id: String
    let address: URL
    /// A job's `worker_labels` must be among them.
    var labels: [String]
    /// Jobs at once; more than one means queueing inside ComfyUI.
    var slots: Int
    var authorization: WorkerAuthorization?
    /// Found behind `COMFYUI_DNS`.
    var isFromDNS = false
    /// Unanswered probes in a row.
    var failures = 0
    /// Left out until then, for a time that grows with the failures.
    var leftOutUntil: Timestamp?
    /// A prompt that it did not let go of: while it runs, nothing else is sent there.
    var stuckPrompt: String?
    /// The checkpoint it loaded last.
    var checkpoint: String?
    /// How many prompts it had when it was last asked.
    var queueLength = 0
    /// Of the `/object_info` whose digest is stored; nil before the first answer. An unchanged one is not written again.
    var digestHash: String?
    /// Of the models that are stored of it.
    var modelsHash: String?
    /// The checkpoints it has; nil when that is not known, or they are too many to be told here.
    var checkpoints: [String]?
    /// Checkpoints that other workers have and this one does not.
    var lacking: Set<String> = []
    /// What it said of itself last.
    var report: WorkerReport?
    /// Since then it gets no more jobs; what runs there runs to its end.
    var drainingSince: Timestamp?
    var seenAt: Timestamp?

    /// How many bytes of names `checkpoints` holds: each dispatch reads them of every worker.
    static let checkpointBytes = 8 << 10

    /// Three unanswered probes make a worker ill; a long job does not.
    static let patience = 3

    /// It failed last time: one process at a time may try whether it is well again.
    var isOnTrial: Bool { failures > 0 }

    /// No job is sent to it, and when all are like this the service is not ready.
    var isDead: Bool { failures >= Self.patience }

    init(address: URL, _ defaults: WorkerList.Defaults = .init()) {
        self.id = Self.id(of: address)
        self.address = address
        labels = defaults.labels
        slots = defaults.slots
        authorization = defaults.authorization
    }

    /// What the configuration says of it goes with what is recorded of it.
    func with(_ record: Worker) -> Worker {
        var worker = record
        worker.labels = labels
        worker.slots = slots
        worker.authorization = authorization
        worker.isFromDNS = isFromDNS
        return worker
    }

    static func id(of address: URL) -> String {
        "w-" + Hex.encode(Array(SHA256.hash(Array(address.description.utf8)).prefix(6)))
    }

    /// Now or when its pause is over.
    var takesJobs: Bool { !isDead && drainingSince == nil }

    func isUsable(at now: Timestamp) -> Bool {
        takesJobs && (leftOutUntil.map { $0 <= now } ?? true)
    }

    /// A job's labels must all be the worker's.
    func carries(_ wanted: [String]) -> Bool { wanted.allSatisfy(labels.contains) }

    /// After the `count`-th failure in a row: 1 s, 2 s, 4 s … 5 min.
    static func pause(afterFailures count: Int) -> Duration {
        .seconds(min(300, 1 << min(max(0, count - 1), 9)))
    }
}
