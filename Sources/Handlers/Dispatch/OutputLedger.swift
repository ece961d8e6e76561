import Crypto
import JSON
import Telemetry
import Time

/// What a run has stored so far: in memory, and in the table for whoever resumes it.
actor OutputLedger {
    private let documents: JobDocuments
    private let job: Job.ID
    private let attempt: Int
    private let expires: Timestamp
    private var outputs: [UUID: Job.Output] = [:]
    /// How many of them the table has.
    private var recorded = 0

    /// The ledger of a job's attempt, with nothing in it. The table may forget it at `expires`.
    init(_ documents: JobDocuments, job: Job.ID, attempt: Int, expires: Timestamp) {
        self.documents = documents
        self.job = job
        self.attempt = attempt
        self.expires = expires
    }

    /// With what the run that is resumed had stored.
    func load() async {
        do {
            let earlier = try await documents.storedOutputs(of: job, attempt: attempt)
            outputs.merge(earlier) { $1 }
            recorded = outputs.count
        } catch {
            // Then it is stored once more, under the same keys.
            Log.warn("stored outputs not read", ["job_id": .string("\(job)"), "error": .string("\(error)")])
        }
    }

    /// What became of a source, when it is in the bucket.
    func output(of source: OutputSource) -> Job.Output? { outputs[source.id] }

    /// It is in the bucket.
    func add(_ output: Job.Output, of source: OutputSource) { outputs[source.id] = output }

    /// Writes what is new since the last time. For heartbeats and hand-offs: a run that ends with its first output
    /// never does.
    func record() async {
        let count = outputs.count
        guard count > recorded else { return }
        do {
            try await documents.store(outputs: outputs, of: attempt, for: job, expires: expires)
            recorded = count
        } catch {
            Log.warn("stored outputs not noted", ["job_id": .string("\(job)"), "error": .string("\(error)")])
        }
    }
}
