import AWSClients
import Crypto
import JSON
import Telemetry
import Time

/// Makes the jobs of a batch: idempotency item, quota in one step, the batch, then each job as `JobSubmission` makes one.
struct BatchSubmission: Sendable {
    let services: Services
    private let jobs: JobSubmission
    private let store: BatchStore

    init(services: Services) {
        self.services = services
        jobs = JobSubmission(services: services)
        store = BatchStore(dynamoDB: services.store.dynamoDB, table: services.configuration.table)
    }

    /// A batch with its jobs, and the errors that items of this request came to.
    struct Outcome: Sendable {
        var record: BatchRecord
        var jobs: [Job.ID: Job] = [:]
        var errors: [Int: APIError] = [:]
    }

    /// `items` are those of the request; one of them at least is a job to be.
    func submit(
        _ items: [Result<JobDraft, APIError>], user: User, repeatable: JobSubmission.Repeatable?
    ) async throws -> Outcome {
        let now = services.now
        let proposed = UUID.v7(milliseconds: now.milliseconds)
        let id = try await jobs.claim(repeatable, Job.ID(proposed), user: user, at: now).uuid
        // What an earlier request with the same key made holds, whatever has become of models and rules since then.
        var record = id == proposed ? nil : try await store.record(id, at: now)
        var made = Outcome(record: record ?? self.record(id, items, user: user, at: now))
        let known =
            record == nil
            ? [:] : try await store.jobs(of: made.record, in: services.store, deletedToo: true)
        made.jobs = known.filter { $0.value.deletedAt == nil }
        let missing = made.record.jobs.filter { known[$0.id] == nil }
            .compactMap { index, id in (try? items[index].get()).map { (index: index, id: id, draft: $0) } }
        let images = missing.reduce(0) { $0 + $1.draft.images }
        let charge = images == 0 ? nil : try await jobs.charge(user, images, at: now)
        if record == nil {
            do {
                guard try await store.create(made.record) else {
                    throw APIError(.conflict, "The same batch is being made by another request; ask again.")
                }
                record = made.record
            } catch {
                await jobs.release(charge, of: user.id)
                throw error
            }
        }
        await withTaskGroup(of: (Int, Result<Job, APIError>).self) { group in
            for (index, id, draft) in missing {
                // Each job has its own share, to be given back by itself.
                let share = charge.map { Job.Charge(day: $0.day, images: draft.images) }
                group.addTask {
                    do {
                        let page = try await jobs.create(draft, id, user: user, charge: share, at: now)
                        return (index, .success(page.job))
                    } catch {
                        return (index, .failure(APIHandler.apiError(error)))
                    }
                }
            }
            for await (index, result) in group {
                switch result {
                case .success(let job): made.jobs[job.id] = job
                case .failure(let error): made.errors[index] = error
                }
            }
        }
        for (index, item) in items.enumerated() {
            if case .failure(let error) = item, case .refused = made.record.entries[index] {
                made.errors[index] = error
            }
        }
        return made
    }

    private func record(
        _ id: UUID, _ items: [Result<JobDraft, APIError>], user: User, at now: Timestamp
    ) -> BatchRecord {
        let timeout = items.compactMap { try? $0.get().options.timeoutSeconds }.max() ?? 0
        return BatchRecord(
            id: id, user: user.id, createdAt: now,
            entries: items.enumerated().map { index, item in
                switch item {
                case .success: .job(BatchRecord.jobID(id, item: index))
                case .failure(let error):
                    .refused(code: error.code.rawValue)
                }
            }, expires: jobs.expiry(createdAt: now, timeoutSeconds: timeout))
    }
}
