import AWSClients
import Crypto
import JSON

/// The messages that wake a dispatcher. A message says "there may be work", nothing else: lost, late or doubled, it changes nothing.
struct Doorbell: Sendable {
    let sqs: SQS
    let workQueue: String
    let resumeQueue: String

    /// The addresses of the `work` and `resume` queues.
    init(_ sqs: SQS, workQueue: String, resumeQueue: String) {
        self.sqs = sqs
        self.workQueue = workQueue
        self.resumeQueue = resumeQueue
    }

    /// What a dispatcher reads in a message.
    enum Message: Sendable, Hashable {
        /// There may be work. The job is a hint for a dispatcher whose index lags behind.
        case work(hint: Job.ID?)
        /// A run ended without its job: take it over.
        case resume(Job.ID)

        /// nil for what is no doorbell.
        init?(body: String) {
            guard let json = try? JSON(parsing: body) else { return nil }
            let id = (json["job_id"]?.string).flatMap { Job.ID($0) }
            switch (json["type"]?.string, id) {
            case ("work", _): self = .work(hint: id)
            case ("resume", let id?): self = .resume(id)
            default: return nil
            }
        }

        var body: String {
            switch self {
            case .work(let hint):
                (["type": "work", "job_id": hint.map { .string("\($0)") } ?? .null] as JSON).text
            case .resume(let id):
                (["type": "resume", "job_id": .string("\(id)")] as JSON).text
            }
        }
    }

    /// Rings for queued work, after `delay` (at most 15 minutes).
    func ringWork(for id: Job.ID?, delay: Duration = .zero) async throws(AWSError) {
        try await sqs.send(
            Message.work(hint: id).body, to: workQueue, delay: min(delay, .seconds(900)))
    }

    /// Asks for somebody to take over a running job; its own queue, so that it never waits behind a backlog.
    func ringResume(_ id: Job.ID) async throws(AWSError) {
        try await sqs.send(Message.resume(id).body, to: resumeQueue)
    }
}
