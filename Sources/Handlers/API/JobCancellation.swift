import AWSClients

/// Stops jobs because their user wants it.
struct JobCancellation: Sendable {
    let services: Services

    /// The job as it is then: cancelled, marked, or ended before; nil when there is none.
    func cancel(_ id: Job.ID) async throws(AWSError) -> Job? {
        var now: Job?
        switch try await services.store.applyLatest(.cancelRequested, to: id) {
        case .done(let job): now = job
        case .lost(let job): now = job
        }
        if let job = now, job.hasParts, !job.state.isFinal {
            await JobParts(services: services).takeIn(id)
            now = try await services.store.job(id)
        }
        if let job = now, job.state == .cancelled { await Announcer(services: services).announce(job) }
        return now
    }
}
