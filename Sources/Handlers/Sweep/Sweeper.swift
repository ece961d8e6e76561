import AWSClients
import ComfyUI
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Moves on what a crash left behind. Bounded, resumable, and safe when two run at once: every change is conditional.
struct Sweeper: Sendable {
    let services: Services
    let slots: SlotPool
    let announcer: Announcer

    /// What a sweep did.
    struct Findings: Sendable, Hashable {
        var rung = 0
        var resumed = 0
        var announced = 0
        var expired = 0
        var webhooks = 0
        var erased = 0
        var accounts = 0

        var json: JSON.Object {
            [
                "rung": .number(rung), "resumed": .number(resumed), "announced": .number(announced),
                "expired": .number(expired), "webhooks": .number(webhooks),
                "erased": .number(erased), "accounts": .number(accounts),
            ]
        }
    }

    private var store: JobStore { services.store }

    /// How many due jobs of one shard a sweep looks at; the rest are due at the next one.
    private static let batch = 100

    private static let webhooksAtOnce = 16

    /// A doorbell tells that there is work, and one dispatcher that it wakes takes as much as it can: in a backlog the rest of the queue
    /// needs none of its own.
    static let doorbells = 100
    /// How long a queued job may be left alone at most.
    static let longestPause: Duration = .seconds(300)

    /// How long after its time a run without a lease may still be resumed: its outputs may be there.
    private static let grace: Duration = .seconds(900)

    /// Looks at every open job that is due.
    func sweep(until deadline: Timestamp) async throws(AWSError) -> Findings {
        var findings = Findings()
        var webhooks: [DueWork] = []
        var accounts: [String] = []
        var unread = 0
        for shard in (0..<JobItem.openShards).shuffled() {
            let due: [DueWork]
            do {
                due = try await self.due(shard)
            } catch {
                // What is due there is due at the next sweep.
                unread += 1
                if unread == JobItem.openShards { throw error }
                Log.error("sweep", ["shard": .number(shard), "error": .string("\(error)")])
                continue
            }
            for work in due {
                if deadline - Timestamp.now < .seconds(2) { return findings }
                switch work {
                case .delivery: webhooks.append(work)
                case .account(let id): accounts.append(id)
                case .job(let id):
                    do {
                        try await look(at: id, &findings)
                    } catch {
                        // One job that cannot be read must not hide the others.
                        Log.error("sweep", ["job_id": .string("\(id)"), "error": .string("\(error)")])
                    }
                }
            }
        }
        findings.webhooks = await deliver(webhooks, until: deadline)
        findings.accounts = await erase(accounts, until: deadline)
        return findings
    }

    /// Last, and with what time is left: nobody waits for it.
    private func erase(_ accounts: [String], until deadline: Timestamp) async -> Int {
        let eraser = AccountEraser(services: services)
        var erased = 0
        for id in accounts where deadline - Timestamp.now > .seconds(5) {
            do {
                if try await eraser.goOn(with: id, until: deadline - .seconds(3)) { erased += 1 }
            } catch {
                Log.error(
                    "an account's deletion goes on at the next sweep",
                    ["user_id": .string(id), "error": .string("\(error)")])
            }
        }
        return erased
    }

    /// Receivers are slow, and none of them may keep the others waiting: some at once, and only while there is time for a whole try.
    private func deliver(_ due: [DueWork], until deadline: Timestamp) async -> Int {
        let sender = WebhookSender(services: services)
        return await withTaskGroup(of: Void.self) { group in
            var begun = 0
            for work in due {
                guard case .delivery(let job, let event) = work,
                    deadline - Timestamp.now > WebhookSender.timeNeeded
                else { continue }
                if begun >= Self.webhooksAtOnce { await group.next() }
                begun += 1
                group.addTask { await sender.deliver(job, event: event) }
            }
            return begun
        }
    }

    /// What stands in the `open_work` index.
    private enum DueWork: Sendable {
        case job(Job.ID)
        /// A webhook of a job.
        case delivery(Job.ID, event: String)
        /// One that is to be deleted, by its user's id.
        case account(String)
    }

    private func due(_ shard: Int) async throws(AWSError) -> [DueWork] {
        var query = DynamoDB.Query(
            table: store.table, index: TableDefinition.openWork.name,
            where: .and([
                .equals("open_pk", .s(JobItem.openPartition(shard: shard))),
                .lessOrEqual("open_sk", .s(JobItem.sortable(services.now))),
            ]))
        query.limit = Self.batch
        return try await store.dynamoDB.query(query).items
            .compactMap { item in
                if let id = JobItem.id(of: item) { return .job(id) }
                if let id = Account.userID(of: item) { return .account(id) }
                guard let id = (item["pk"]?.string).flatMap({ JobItem.id(inPartition: $0) }),
                    let event = (item["sk"]?.string).flatMap(Delivery.event(inSortKey:))
                else { return nil }
                return .delivery(id, event: event)
            }
    }

    private func look(at id: Job.ID, _ findings: inout Findings) async throws(AWSError) {
        guard let job = try await store.job(id), let dueAt = job.dueAt, dueAt <= services.now else { return }
        if job.hasParts, !job.state.isFinal {
            guard let job = try await JobParts(services: services).settle(id), !job.state.isFinal else {
                return
            }
            _ = try await store.apply(.deferred(until: services.now + store.policy.attention), to: job)
            return
        }
        if job.deletedAt != nil {
            if try await JobEraser(services: services).erase(job) { findings.erased += 1 }
            return
        }
        switch job.state {
        case .queued: try await ring(job, &findings)
        case .running: try await check(job, &findings)
        case .completed, .failed, .cancelled:
            findings.announced += 1
            await announcer.announce(job)
        }
    }

    private func ring(_ job: Job, _ findings: inout Findings) async throws(AWSError) {
        let waitedTooLong =
            job.startedAt == nil && services.now - job.queuedAt > services.configuration.maximumQueueTime
        if waitedTooLong || job.isOverTime(at: services.now) {
            guard case .done(let failed) = try await store.apply(.waitedTooLong, to: job) else { return }
            findings.expired += 1
            return await announcer.announce(failed)
        }
        if findings.rung < Self.doorbells {
            try await services.doorbell.ringWork(for: job.id)
            findings.rung += 1
        }
        _ = try await store.apply(.deferred(until: nextLook(at: job)), to: job)
    }

    /// The longer a job has been waiting, since it was sent or last tried, the less likely it is that a doorbell was lost: half as long
    /// again, and when its time is over.
    private func nextLook(at job: Job) -> Timestamp {
        let now = services.now
        let waited = now - (job.attempts.last?.endedAt ?? job.queuedAt)
        let pause = min(max(store.policy.attention, waited / 2), Self.longestPause)
        let end =
            job.startedAt.map { $0 + .seconds(job.timeoutSeconds) }
            ?? job.queuedAt + services.configuration.maximumQueueTime
        return max(now + .seconds(1), min(now + pause, end + .seconds(1)))
    }

    /// A running job whose lease holds is looked at again when it would end; one whose lease ran out is resumed, or
    /// ended when nobody managed to for long after its time.
    private func check(_ job: Job, _ findings: inout Findings) async throws(AWSError) {
        guard let run = job.run else { return }
        if let end = try await slots.leaseEnd(of: run), end > services.now {
            _ = try await store.apply(.deferred(until: end + .milliseconds(500)), to: job)
            return
        }
        let limit =
            job.startedAt == nil ? services.configuration.maximumQueueTime : .seconds(job.timeoutSeconds)
        if services.now - (job.startedAt ?? job.queuedAt) > limit + Self.grace {
            let end: JobEvent =
                job.cancelRequestedAt == nil ? .failed(job.timeoutFailure, outputs: []) : .cancelled
            guard case .done(let ended) = try await store.apply(end, to: job) else { return }
            findings.expired += 1
            return await announcer.announce(ended)
        }
        try await services.doorbell.ringResume(job.id)
        findings.resumed += 1
        _ = try await store.apply(.deferred(until: services.now + store.policy.attention), to: job)
    }
}
