import AWSClients
import JSON
import Telemetry
import Time

/// Keeps a job and the parts it is run in together.
///
/// A part is run like a job of its own. Whatever happens to one, `settle` reads the job with all its parts and does what follows
/// for the job: nothing is handed over, so that whoever dies in the middle is made up for by the next one who looks, and the
/// sweep is one of those.
struct JobParts: Sendable {
    let services: Services

    private var store: JobStore { services.store }

    /// How often a job is read again when somebody else was faster.
    private static let tries = 8

    /// `settle`, for whom no answer is owed: what fails is left to the sweep.
    func takeIn(_ id: Job.ID) async {
        do {
            _ = try await settle(id)
        } catch {
            Log.warn(
                "parts not taken in, left to the sweep",
                ["job_id": .string("\(id)"), "error": .string("\(error)")])
        }
    }

    /// Makes the parts that are missing, stops those that are not wanted any more, moves the job on and announces its end.
    ///
    /// An ended part is marked as taken in last of all. So the part that ended last is not marked before its job has ended.
    ///
    /// - Returns: the job as it is then; nil when there is none.
    @discardableResult
    func settle(_ id: Job.ID) async throws(AWSError) -> Job? {
        for _ in 0..<Self.tries {
            guard var family = try await services.documents.family(id) else { return nil }
            if !family.job.state.isFinal {
                try await makeMissing(&family)
                try await stopUnwanted(&family)
            }
            var job = family.job
            if let event = family.next {
                guard case .done(let changed) = try await store.apply(event, to: job) else { continue }
                job = changed
                Log.info(
                    "job moved on with its parts",
                    ["job_id": .string("\(job.id)"), "state": .string(job.state.rawValue)])
            }
            try await each(family.parts.filter(\.notificationPending)) { part throws(AWSError) in
                _ = try await store.apply(.announced, to: part)
            }
            if job.state.isFinal { await Announcer(services: services).announce(job) }
            return job
        }
        return try await store.job(id.whole)
    }

    /// Makes parts of a job that has been written; one that is there already stays as it is.
    func make(_ parts: [Job]) async throws(AWSError) {
        try await each(parts) { part throws(AWSError) in _ = try await store.create(part) }
    }

    private func makeMissing(_ family: inout JobFamily) async throws(AWSError) {
        let missing = family.missing.map { family.job.makePart($0, at: services.now, store.policy) }
        guard let first = missing.first else { return }
        try await make(missing)
        try await services.doorbell.ringWork(for: first.id)
        Log.info(
            "missing parts made",
            ["job_id": .string("\(family.job.id)"), "parts": .number(missing.count)])
        if let now = try await services.documents.family(family.job.id) { family = now }
    }

    private func stopUnwanted(_ family: inout JobFamily) async throws(AWSError) {
        let unwanted = family.unwanted(at: services.now)
        if unwanted.isEmpty { return }
        try await each(unwanted) { part throws(AWSError) in
            _ = try await store.applyLatest(.cancelRequested, to: part.id)
        }
        if let now = try await services.documents.family(family.job.id) { family = now }
    }

    /// All at once; the first error, once all are done.
    private func each(
        _ parts: [Job], _ body: @escaping @Sendable (Job) async throws(AWSError) -> Void
    ) async throws(AWSError) {
        let failure = await withTaskGroup(of: AWSError?.self) { group in
            for part in parts {
                group.addTask {
                    do throws(AWSError) {
                        try await body(part)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            var first: AWSError?
            for await one in group { first = first ?? one }
            return first
        }
        if let failure { throw failure }
    }
}

extension Job {
    /// Its part of that number, queued with it.
    func makePart(_ number: Int, at now: Timestamp, _ policy: JobPolicy) -> Job {
        var part = Job(id: ID(id.uuid, part: number), user: user, createdAt: createdAt)
        part.queuedAt = queuedAt
        part.dueAt = now + policy.attention
        part.priority = priority
        part.timeoutSeconds = timeoutSeconds
        part.executionMode = executionMode
        part.workerLabels = workerLabels
        part.checkpoint = checkpoint
        part.traceParent = traceParent
        part.wantsPreviews = wantsPreviews
        return part
    }
}
