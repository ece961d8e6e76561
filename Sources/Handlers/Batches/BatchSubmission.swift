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
        let earlier = id == proposed ? nil : try await store.record(id, at: now)
        let record = earlier ?? self.record(id, items, user: user, at: now)
        let known =
            earlier == nil ? [:] : try await store.jobs(of: record, in: services.store, deletedToo: true)
        let missing = record.jobs.compactMap { index, id in
            known[id] == nil
                ? (try? items[index].get()).map { JobToBe(index: index, id: id, draft: $0) } : nil
        }
        let images = missing.reduce(0) { $0 + $1.draft.images }
        let charge = images == 0 ? nil : try await jobs.charge(user, images, at: now)
        if earlier == nil { try await store(record, charge, user) }
        var outcome = Outcome(record: record, jobs: known.filter { $0.value.deletedAt == nil })
        for (index, item) in items.enumerated() {
            if case .failure(let error) = item, case .refused = record.entries[index] {
                outcome.errors[index] = error
            }
        }
        await make(missing, charge, user: user, at: now, &outcome)
        return outcome
    }

    /// A job of the batch that is not there yet.
    private struct JobToBe: Sendable {
        let index: Int
        let id: Job.ID
        let draft: JobDraft
    }

    private func store(_ record: BatchRecord, _ charge: Job.Charge?, _ user: User) async throws {
        do {
            guard try await store.create(record) else {
                throw APIError(.conflict, "The same batch is being made by another request; ask again.")
            }
        } catch {
            await jobs.release(charge, of: user.id)
            throw error
        }
    }

    private func make(
        _ missing: [JobToBe], _ charge: Job.Charge?, user: User, at now: Timestamp, _ outcome: inout Outcome
    ) async {
        await withTaskGroup(of: (Int, Result<Job, APIError>).self) { group in
            for job in missing {
                // Each has its own share, to be given back by itself.
                let share = charge.map { Job.Charge(day: $0.day, images: job.draft.images) }
                group.addTask {
                    do {
                        let page = try await jobs.create(
                            job.draft, job.id, user: user, charge: share, at: now)
                        return (job.index, .success(page.job))
                    } catch {
                        return (job.index, .failure(APIHandler.apiError(error)))
                    }
                }
            }
            for await (index, result) in group {
                switch result {
                case .success(let job): outcome.jobs[job.id] = job
                case .failure(let error): outcome.errors[index] = error
                }
            }
        }
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
