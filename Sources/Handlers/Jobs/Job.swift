import JSON
import Time

/// A job as the table knows it: the truth about one piece of GPU work.
///
/// The values here are small on purpose (the item stays under 4 KB, because DynamoDB bills all of it at
/// every write and again in every index): the workflow, the metadata and the progress are items of their own.
struct Job: Sendable, Hashable {
    /// Where a job is in its life. `queued → running → completed | failed | cancelled`, `queued → cancelled | failed`.
    enum State: String, Sendable, CaseIterable {
        case queued, running, completed, failed, cancelled
        /// Entered once and never left.
        var isFinal: Bool { self != .queued && self != .running }
    }

    /// How the independent parts of a workflow are run: as one prompt, or each on its own.
    enum ExecutionMode: String, Sendable, CaseIterable { case sequential, parallel }

    var id: ID
    var user: String
    var state: State = .queued
    /// Counts transitions; every transition's write is conditional on it.
    var version = 0
    /// 1 to 10, 10 first.
    var priority = 5
    var createdAt: Timestamp
    var queuedAt: Timestamp
    /// When the first attempt began; `timeoutSeconds` counts from here over all attempts.
    var startedAt: Timestamp?
    var completedAt: Timestamp?
    /// When the sweep has to look at it again; nil when there is nothing left to do.
    var dueAt: Timestamp?
    /// A retried job is not claimed before this.
    var notBefore: Timestamp?

    /// How often `POST /prompt` was sent for it.
    var attempt = 0
    /// The run that holds it while it is running.
    var run: Run?
    /// Ended and running attempts, oldest first.
    var attempts: [Attempt] = []
    var cancelRequestedAt: Timestamp?

    var outputs: [Output] = []
    var failure: Failure?
    /// A final state not announced yet.
    var notificationPending = false

    var timeoutSeconds = 600
    var executionMode = ExecutionMode.sequential
    /// Of a job that is run in parts: how many nodes each has. Such a job holds no slot and no prompt; its parts do.
    var partNodes: [Int] = []
    /// The node whose output is the primary one; nil = the first output node.
    var primaryNode: String?
    var workerLabels: [String] = []
    /// The checkpoint its workflow names: a worker that has it warm is a better place.
    var checkpoint: String?
    var seed: UInt64?
    /// What its workflow was made from; nil when it was sent as a graph, or by an earlier version.
    var template: TemplateReference?
    /// A name for what decides how long it runs; see `RunTimes`.
    var shape: String?
    var webhookURL: String?
    var hasMetadata = false
    /// Whether what its nodes have made so far is shown while it runs; see `Preview`.
    var wantsPreviews = false
    /// Of its workflow; nil for one that an earlier version made.
    var nodeCount: Int?
    /// Its user's when it was made; nil for one that an earlier version made.
    var tier: Tier?
    /// The span that made it, as a `traceparent`: its run goes on from there. nil where nothing is traced.
    var traceParent: String?
    /// What was taken from its user's quota; nil where nobody has one.
    var charge: Charge?
    /// Its user wants it no more: it is there for nobody, and what it left is being removed.
    var deletedAt: Timestamp?
    /// When the table may forget it; set in final states only.
    var expiresAt: Timestamp?

    /// Whoever runs it now: every write of a run carries `token`, so that who lost the lease changes nothing.
    struct Run: Sendable, Hashable {
        var token: String
        var worker: String
        var slot: Int
        /// Set together with the attempt, before `POST /prompt`.
        var promptID: String?
        var clientID: String?
    }

    /// One try on one worker.
    struct Attempt: Sendable, Hashable {
        /// Of a job that was run in parts: whose attempt it was.
        var part: Int?
        var worker: String
        var startedAt: Timestamp
        var endedAt: Timestamp?
        var error: Failure.Code?
    }

    /// A stored output. Its key is derived, see `OutputKey`: no name that came from a worker is in it.
    struct Output: Sendable, Hashable {
        /// What a client does with it.
        enum Kind: String, Sendable { case image, video, audio, text, file }
        var index: Int
        var nodeID: String
        var kind: Kind
        /// As the worker called it, for show only.
        var filename: String
        var contentType: String
        var bytes: Int
        var sha256: String
        var width: Int?
        var height: Int?
        var key: String
    }

    /// Why it failed, in words fit for its user.
    struct Failure: Sendable, Hashable {
        /// `api.md`'s codes of a failed job.
        enum Code: String, Sendable, CaseIterable {
            case workflowRejected = "WORKFLOW_REJECTED"
            case nodeFailed = "NODE_FAILED"
            case outOfMemory = "OUT_OF_MEMORY"
            case workerLost = "WORKER_LOST"
            case noOutput = "NO_OUTPUT"
            case storageFailed = "STORAGE_FAILED"
            case timeout = "TIMEOUT"
            case cancelled = "CANCELLED"
        }
        var code: Code
        var message: String
        var details: JSON?
        init(_ code: Code, _ message: String, details: JSON? = nil) {
            self.code = code
            self.message = message
            self.details = details
        }
    }

    /// A queued job of `user`, due for a first look by the sweep in 30 s should its doorbell be lost.
    init(id: ID, user: String, createdAt: Timestamp) {
        self.id = id
        self.user = user
        self.createdAt = createdAt
        self.queuedAt = createdAt
        self.dueAt = createdAt + .seconds(30)
    }

    /// Its parts are run, not it.
    var hasParts: Bool { !partNodes.isEmpty }

    /// The three bands of priority; the queue is served band by band.
    enum Band: Int, Sendable, CaseIterable {
        case low, normal, high

        /// 1–3, 4–7 and 8–10.
        init(priority: Int) { self = priority >= 8 ? .high : priority >= 4 ? .normal : .low }
    }
    var band: Band { Band(priority: priority) }

    /// `timeoutSeconds` from the first attempt on; what never started is bounded by the queue's own limit.
    func isOverTime(at now: Timestamp) -> Bool {
        startedAt.map { now - $0 > .seconds(timeoutSeconds) } ?? false
    }

    /// What a job fails with when its time is over, running or waiting.
    var timeoutFailure: Failure {
        Failure(
            .timeout,
            startedAt == nil
                ? "No worker became free for this job in time."
                : "The job did not end within its \(timeoutSeconds) seconds.")
    }

    /// The event name that consumers de-duplicate by, with the job id: `job.completed`, `job.failed`, `job.cancelled`.
    var completionEvent: String? { state.isFinal ? "job.\(state.rawValue)" : nil }
}
