import AWSClients
import ComfyUI
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Makes a job of a draft, in `lifecycle.md`'s order: idempotency item, quota, workflow item, job item, doorbell.
///
/// Whatever dies in between: before the job item there is no job, only items that expire; after it the sweep rings.
struct JobSubmission: Sendable {
    let services: Services

    /// How long a submission waits for the queue to take the doorbell before it leaves that to the sweep.
    private static let doorbellPatience: Duration = .seconds(2)

    /// A key stays spent: a request that comes again must not make again what its user has thrown away.
    private static let deleted = APIError(
        .conflict, "The job of this \(IdempotencyKey.header) has been deleted.")

    /// What makes two submissions the same one.
    struct Repeatable: Sendable {
        /// The client's `Idempotency-Key`.
        let key: String
        /// Of the operation and the body as it was sent, before a seed is drawn.
        let hash: [UInt8]

        init(key: String, operation: String, body: JSON.Object) {
            self.key = key
            hash = SHA256.hash(Array("\(operation)\n".utf8) + JSON.object(body).serialized())
        }
    }

    /// The job's id and its page: a new job's, or that of an earlier request with the same key.
    func submit(_ draft: JobDraft, user: User, repeatable: Repeatable?) async throws -> JobDocuments.Page {
        let now = services.now
        let proposed = Job.ID(UUID.v7(milliseconds: now.milliseconds))
        let id = try await claim(repeatable, proposed, user: user, at: now)
        // No job under it: the first request died, or is not done yet. The conditional write decides.
        if id != proposed {
            if let page = try await services.documents.page(id, at: now) { return page }
            // Another request with the key may make it right now: that it is there says nothing.
            if try await services.store.job(id)?.deletedAt != nil { throw Self.deleted }
        }
        let charge = try await charge(user, draft.images, at: now)
        return try await create(draft, id, user: user, charge: charge, at: now)
    }

    /// The id under which to make what was asked for: `proposed`, or that of an earlier request with the same key.
    func claim(_ repeatable: Repeatable?, _ proposed: Job.ID, user: User, at now: Timestamp) async throws
        -> Job.ID
    {
        guard let repeatable else { return proposed }
        switch try await services.idempotency.claim(
            user: user.id, key: repeatable.key, bodyHash: repeatable.hash, proposed: proposed, at: now)
        {
        case .mismatch:
            throw APIError(
                .idempotencyMismatch,
                "This \(IdempotencyKey.header) was used for another request in the last 24 hours.")
        case .job(let id, _): return id
        }
    }

    /// Makes the job, or finds it made. What was taken for it is given back when it does not come to be.
    func create(
        _ draft: JobDraft, _ id: Job.ID, user: User, charge: Job.Charge?, at now: Timestamp
    ) async throws -> JobDocuments.Page {
        let (workflow, made) = draft.job(id, user: user, at: now, policy: services.configuration.policy)
        var job = made
        job.traceParent = Trace.context?.traceparent
        job.charge = charge
        let metadata = draft.options.metadata.map(JSON.object)
        do {
            try await store(draft.files, for: job)
            try await services.documents.store(
                workflow: workflow, metadata: metadata, for: job,
                expires: expiry(createdAt: job.createdAt, timeoutSeconds: job.timeoutSeconds))
        } catch {
            // There is no job yet that could fail.
            await release(charge, of: user.id)
            throw error
        }
        let created = try await services.store.create(job)
        guard created else {
            await release(charge, of: user.id)
            if let page = try await services.documents.page(id, at: now) { return page }
            throw Self.deleted
        }
        Log.info(
            "job created",
            [
                "job_id": .string("\(id)"), "user_id": .string(user.id),
                "priority": .number(job.priority), "nodes": .number(draft.graph.nodes.count),
            ])
        var page = JobDocuments.Page(job: job, metadata: metadata, progress: nil)
        if job.hasParts {
            page.parts = await makeParts(of: job, draft.parts)
        } else {
            await ring(for: id)
        }
        return page
    }

    /// What a job takes of its user's day; nil where nobody has to sign in.
    func charge(_ user: User, _ images: Int, at now: Timestamp) async throws -> Job.Charge? {
        if services.configuration.access.mode == .none { return nil }
        let taken: (charge: Job.Charge?, day: QuotaStore.Day)
        do {
            taken = try await services.quotas.take(images, for: user, at: now)
        } catch {
            Log.error("a job cannot be charged", ["error": .string("\(error)")])
            if services.configuration.access.counterFailure == .open { return nil }
            throw APIError.unavailable("The quota cannot be looked up at the moment.")
        }
        if let charge = taken.charge { return charge }
        throw APIError.quotaExceeded(
            taken.day, services.quotas.quotas[user.tier], wanted: images, at: now)
    }

    /// That this fails costs the user some pictures of this day.
    func release(_ charge: Job.Charge?, of user: String) async {
        guard let charge else { return }
        do {
            try await services.quotas.release(charge, of: user)
        } catch {
            Log.error("a quota is not given back", ["error": .string("\(error)")])
        }
    }

    /// After the job item: without it they would run for nobody. What fails here the sweep makes up for.
    private func makeParts(of job: Job, _ graphs: [WorkflowGraph]) async -> [Job] {
        do {
            let parts = graphs.enumerated().map { number, graph in
                var part = job.makePart(number, at: services.now, services.configuration.policy)
                part.checkpoint = graph.checkpoint
                return part
            }
            try await JobParts(services: services).make(parts)
            await withTaskGroup(of: Void.self) { group in
                for part in parts { group.addTask { await ring(for: part.id) } }
            }
            return parts
        } catch {
            Log.warn(
                "parts not made, left to the sweep",
                ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
            return []
        }
    }

    /// For as long as an attempt of the job may need them.
    private func store(_ files: [InlineFile], for job: Job) async throws(AWSError) {
        let expires =
            expiry(createdAt: job.createdAt, timeoutSeconds: job.timeoutSeconds)
            - services.configuration.policy.retention
        for inline in files {
            var file = inline.file
            file.expiresAt = expires + .seconds(3600)
            try await FileStore(services).store(inline.bytes, as: file)
        }
    }

    /// No job outlives its workflow: the longest wait, every attempt, and the time its result is kept.
    func expiry(createdAt: Timestamp, timeoutSeconds: Int) -> Timestamp {
        let configuration = services.configuration
        let policy = configuration.policy
        return createdAt + configuration.maximumQueueTime
            + .seconds(timeoutSeconds * policy.attempts) + policy.retention
    }

    /// A doorbell that cannot be rung costs time, not the job: the sweep finds it queued and due.
    private func ring(for id: Job.ID) async {
        let doorbell = services.doorbell
        do {
            try await withDeadline(Self.doorbellPatience, on: services.http.loop) {
                try await doorbell.ringWork(for: id)
            }
        } catch {
            Log.warn(
                "doorbell not rung, left to the sweep",
                ["job_id": .string("\(id)"), "error": .string("\(error)")])
        }
    }
}

extension APIError {
    static func quotaExceeded(
        _ day: QuotaStore.Day, _ quota: QuotaStore.Quota?, wanted: Int, at now: Timestamp
    ) -> APIError {
        let end = QuotaStore.end(of: now)
        return APIError(
            .quotaExceeded,
            "This day's quota does not hold \(wanted) more pictures, or its time on GPUs is used up.",
            details: [
                "images_used": .number(day.images), "images_limit": quota.map { .number($0.images) } ?? .null,
                "images_wanted": .number(wanted), "gpu_seconds_used": .number(day.gpuMilliseconds / 1000),
                "gpu_seconds_limit": quota.map { .number($0.gpuSeconds) } ?? .null,
                "resets_at": .string(end.rfc3339),
            ], headers: ["Retry-After": "\(max(1, (end - now).components.seconds))"])
    }
}
