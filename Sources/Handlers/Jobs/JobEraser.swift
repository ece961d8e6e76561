import AWSClients
import JSON
import Telemetry
import Time

/// Takes away what its user wants no more: a job, and everything that it left in the table and in the bucket.
///
/// The mark is one conditional write, and from then on the job is there for nobody. It also leaves the job in `open_work`,
/// until all is gone: whoever dies in between, at any line, is made up for by the sweep, and two at once do the same twice.
/// What stays is a tombstone without content, for as long as its webhook is tried and a request may come again with its
/// `Idempotency-Key`.
struct JobEraser: Sendable {
    let services: Services

    private var store: JobStore { services.store }

    /// Marks a job that has ended.
    /// - Returns: nil when it has not ended, `NOT_FOUND` when somebody else was first.
    func mark(_ job: Job) async throws -> Job? {
        switch try await store.applyLatest(.deleted, to: job.id, knownAs: job) {
        case .done(let marked): return marked
        case .lost(let found):
            guard let found, found.deletedAt == nil else { throw APIError.noSuchJob }
            return nil
        }
    }

    /// Removes what a marked job left; its end is announced first, so that nobody waits for it in vain.
    /// - Returns: whether all is gone. What is not stays due for the sweep.
    @discardableResult
    func erase(_ job: Job) async throws(AWSError) -> Bool {
        var job = job
        if job.notificationPending {
            await Announcer(services: services).announce(job)
            guard let announced = try await store.job(job.id), !announced.notificationPending else {
                return false
            }
            job = announced
        }
        try await services.documents.erase(job, expires: services.now + JobPolicy.tombstone)
        await services.previews.remove(job)
        guard case .done = try await store.apply(.erased, to: job) else { return false }
        Log.info("job erased", ["job_id": .string("\(job.id)")])
        return true
    }
}
