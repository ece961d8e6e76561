import AWSClients
import Time

/// A queued job as the `queue` index shows it.
struct Candidate: Sendable, Hashable {
    let id: Job.ID
    let user: String
    let band: Job.Band
    let queuedAt: Timestamp
    var checkpoint: String?
    private let notBefore: Timestamp?
    private let labels: [String]
    private let lastWorker: String?

    init?(_ item: Item, in band: Job.Band) {
        guard let id = JobItem.id(of: item), let user = item["user"]?.string,
            let queuedAt = (item["queue_sk"]?.string).flatMap({ Int64($0.prefix { $0 != "#" }) })
        else { return nil }
        self.id = id
        self.user = user
        self.band = band
        self.queuedAt = Timestamp(milliseconds: queuedAt)
        checkpoint = item["checkpoint"]?.string
        notBefore = (item["not_before"]?.int64).map { Timestamp(milliseconds: $0) }
        labels = (item["worker_labels"]?.list ?? []).compactMap(\.string)
        lastWorker = item["last_worker"]?.string
    }

    init(_ job: Job) {
        id = job.id
        user = job.user
        band = job.band
        queuedAt = job.queuedAt
        checkpoint = job.checkpoint
        notBefore = job.notBefore
        labels = job.workerLabels
        lastWorker = job.attempts.last?.worker
    }

    /// `elsewhere`: another worker could take it, so not again the one where it failed.
    func mayRun(on worker: Worker, elsewhere: Bool, at now: Timestamp) -> Bool {
        if let notBefore, notBefore > now { return false }
        if elsewhere, lastWorker == worker.id { return false }
        if let checkpoint, worker.lacking.contains(checkpoint) { return false }
        return worker.carries(labels)
    }

    /// The worker ran this checkpoint last: its model is loaded there.
    func isWarm(on worker: Worker) -> Bool { checkpoint != nil && checkpoint == worker.checkpoint }
}
