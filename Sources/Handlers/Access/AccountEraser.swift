import AWSClients
import Crypto
import JSON
import Telemetry
import Time

/// Deletes accounts that are closed, with everything that is their user's: jobs, objects, keys, and whatever else stands in
/// the user's partition.
///
/// The sweep calls it, again and again until the account itself is gone, which goes last: whatever dies in between, it
/// is found again. Each step removes what there is and may be repeated, so that two at once do each other no harm.
struct AccountEraser: Sendable {
    let services: Services
    private let accounts: AccountStore

    /// Somebody who was let in just before may still be making something: what is closed holds everywhere within a minute,
    /// and a request takes 30 s at most.
    static let grace: Duration = .seconds(120)
    /// When an account that is not done yet is looked at again, should this sweep die.
    private static let pause: Duration = .seconds(60)
    private static let jobsAtOnce = 8

    /// Of the deployment's table.
    init(services: Services) {
        self.services = services
        let dynamoDB = services.store.dynamoDB
        accounts = AccountStore(
            dynamoDB: dynamoDB, table: services.store.table,
            recent: RecentItems(dynamoDB, table: services.store.table, clock: { services.now }))
    }

    /// Removes what time allows.
    /// - Returns: whether the account is gone.
    func goOn(with userID: String, until deadline: Timestamp) async throws(AWSError) -> Bool {
        guard let account = try await accounts.account(userID), account.status == .deleting,
            let dueAt = account.dueAt, dueAt <= services.now
        else { return false }
        var begun = account
        begun.dueAt = services.now + Self.pause
        guard try await accounts.replace(account, with: begun) else { return false }
        let jobsAreGone = try await eraseJobs(of: userID, until: deadline)
        guard jobsAreGone, Timestamp.now < deadline else { return false }
        try await services.documents.erase(objects: OutputKey.folders(user: userID))
        // Before the user's partition, which says what there is of them.
        try await TemplateStore(services.store.dynamoDB, table: services.store.table).deleteAll(of: userID)
        for partition in [QuotaStore.partition(userID), Account.partition(userID)] {
            try await erase(partition: partition)
        }
        guard services.now - account.sessionsFrom >= Self.grace,
            let last = try await accounts.account(userID), last.status == .deleting
        else { return false }
        try await accounts.delete(last)
        Log.info("account erased", ["user_id": .string(userID)])
        return true
    }

    /// Cancels what has not ended, deletes what has. What was cancelled while it ran is for a later time.
    /// - Returns: whether there was no job.
    private func eraseJobs(of userID: String, until deadline: Timestamp) async throws(AWSError) -> Bool {
        var none = true
        var after: String?
        repeat {
            let page = try await services.store.list(user: userID, state: nil, limit: 100, after: after)
            if !page.jobs.isEmpty { none = false }
            await withTaskGroup(of: Void.self) { group in
                var begun = 0
                for id in page.jobs.compactMap({ Job.ID($0.id) }) where Timestamp.now < deadline {
                    if begun >= Self.jobsAtOnce { await group.next() }
                    begun += 1
                    group.addTask { await erase(id) }
                }
            }
            after = page.next
        } while after != nil && Timestamp.now < deadline
        return none
    }

    private func erase(_ id: Job.ID) async {
        do {
            guard var job = try await services.store.job(id) else { return }
            if !job.state.isFinal {
                guard case .done(let asked) = try await services.store.applyLatest(.cancelRequested, to: id)
                else { return }
                if asked.hasParts { await JobParts(services: services).takeIn(id) }
                guard asked.state.isFinal else { return }
                job = asked
            }
            let eraser = JobEraser(services: services)
            if let marked = try await eraser.mark(job) { try await eraser.erase(marked) }
        } catch {
            Log.warn(
                "a job of a deleted account is left to the next sweep",
                ["job_id": .string("\(id)"), "error": .string("\(error)")])
        }
    }

    /// Everything in a partition but an account: of each API key first what opens.
    private func erase(partition: String) async throws(AWSError) {
        let dynamoDB = services.store.dynamoDB
        let table = services.store.table
        var query = DynamoDB.Query(table: table, where: .equals("pk", .s(partition)))
        query.consistent = true
        for try await page in dynamoDB.pages(query) {
            let keys = page.items.filter { $0["sk"]?.string?.hasPrefix("KEY#") == true }
                .compactMap(APIKey.init)
                .map { key -> Item in ["pk": .s(APIKey.partition(key.hash)), "sk": .s(APIKey.sortKey)] }
            try await dynamoDB.deleteAll(keys, from: table)
            let rest = page.items.filter { $0["sk"]?.string != Account.sortKey }
                .map { item in item.filter { $0.key == "pk" || $0.key == "sk" } }
            try await dynamoDB.deleteAll(rest, from: table)
        }
    }
}
