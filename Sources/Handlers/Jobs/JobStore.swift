import AWSClients
import Crypto
import JSON
import Telemetry
import Time

/// Jobs in the table. Every change is one conditional write of the difference that `Job.transition` made.
///
/// Reading and changing a job insists: a change that cannot be written is work done twice, or a GPU that waits for a lease to run out.
struct JobStore: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    let clock: @Sendable () -> Timestamp
    let policy: JobPolicy

    /// `clock` is the local clock corrected by the service's (`AWSClient.now`): leases and due times are compared with it.
    init(
        _ dynamoDB: DynamoDB, table: String, policy: JobPolicy, clock: @escaping @Sendable () -> Timestamp
    ) {
        self.dynamoDB = dynamoDB
        self.table = table
        self.policy = policy
        self.clock = clock
    }

    /// What `apply` came to.
    enum Outcome: Sendable, Hashable {
        /// Written.
        case done(Job)
        /// Somebody else was first: the job as it is now, nil when it is gone.
        case lost(Job?)
    }

    /// Writes a new job. False when there is another one under this id already.
    func create(_ job: Job) async throws(AWSError) -> Bool {
        do {
            try await dynamoDB.put(JobItem.encode(job), into: table, condition: .notExists("pk"))
            return true
        } catch  where error.code == .conditionalCheckFailed {
            guard error.attempts > 1, let found = try await self.job(job.id) else { return false }
            return Self.isOwnWrite(found, of: job)
        }
    }

    /// The job as it is now (strongly consistent), nil when there is none or its time is over.
    func job(_ id: Job.ID) async throws(AWSError) -> Job? {
        guard let item = try await dynamoDB.insistent.get(JobItem.key(id), from: table) else { return nil }
        let job = try decode(item)
        // TTL deletes up to days late: what has expired is gone for a reader at once.
        if let expiresAt = job.expiresAt, expiresAt <= clock() { return nil }
        return job
    }

    /// Applies `event` to `job` as it was read; writes only if it still is so.
    func apply(_ event: JobEvent, to job: Job) async throws(AWSError) -> Outcome {
        let transition: JobTransition
        do {
            transition = try job.transition(event, at: clock(), policy: policy)
        } catch {
            return .lost(job)
        }
        let updates = Self.difference(from: JobItem.encode(job), to: JobItem.encode(transition.job))
        if updates.isEmpty { return .done(transition.job) }
        do {
            let written = try await dynamoDB.insistent.update(
                JobItem.key(job.id), in: table, updates,
                condition: Self.condition(transition, of: job), returning: .allNew)
            // What came back also has what others may change meanwhile: the mark of a cancellation.
            return .done(try written.map { item throws(AWSError) in try decode(item) } ?? transition.job)
        } catch  where error.code == .conditionalCheckFailed {
            let found = try await self.job(job.id)
            if error.attempts > 1, let found, Self.isOwnWrite(found, of: transition.job) {
                return .done(found)
            }
            return .lost(found)
        }
    }

    /// Like `apply`, but on the job as it is now, again while somebody else's writes come between. With `heldBy`,
    /// only while the run with that token still has the job. Who knows how the job is saves the first read.
    func applyLatest(
        _ event: JobEvent, to id: Job.ID, heldBy token: String? = nil, knownAs known: Job? = nil
    ) async throws(AWSError) -> Outcome {
        var latest = if let known { known } else { try await job(id) }
        for _ in 0..<8 {
            guard let job = latest, token == nil || job.run?.token == token else { break }
            switch try await apply(event, to: job) {
            case .done(let changed): return .done(changed)
            case .lost(let found):
                if found == job { return .lost(found) }
                latest = found
            }
        }
        return .lost(latest)
    }

    /// Whether `found` is what a repeated write wrote the first time, its answer lost: the same but for the marks, which
    /// others may set at any time.
    private static func isOwnWrite(_ found: Job, of written: Job) -> Bool {
        var expected = written
        expected.cancelRequestedAt = found.cancelRequestedAt
        expected.dueAt = found.dueAt
        return JobItem.encode(found) == JobItem.encode(expected)
    }

    static func condition(_ transition: JobTransition, of job: Job) -> Condition {
        var parts: [Condition] = [.equals("state", .s(job.state.rawValue))]
        if transition.demandsVersion {
            parts.append(.equals("version", .n(job.version)))
            if let token = job.run?.token { parts.append(.equals("token", .s(token))) }
        }
        if transition.forbidsCancelMark { parts.append(.notExists("cancel_requested_at")) }
        return .and(parts)
    }

    /// The clauses that turn one item into the other.
    static func difference(from old: Item, to new: Item) -> [Update] {
        var updates: [Update] = []
        for (name, value) in new.sorted(by: { $0.key < $1.key }) where old[name] != value {
            updates.append(.set(AttributePath(names: name), value))
        }
        for name in old.keys.sorted() where new[name] == nil {
            updates.append(.remove(AttributePath(names: name)))
        }
        return updates
    }

    func decode(_ item: Item) throws(AWSError) -> Job {
        do {
            return try JobItem.decode(item)
        } catch {
            throw AWSError(
                .malformedResponse, "\(error)", service: "dynamodb", operation: "GetItem")
        }
    }
}
