import AWSClients
import Crypto
import Telemetry
import Time

/// Picks the best queued job for a slot and claims it.
///
/// High band first, and now and then another one (`TurnBook`); inside a band users take turns (`TurnOrder`). A user has at
/// most `userLimit` jobs and parts of jobs running, so that nobody takes the whole pool.
struct JobQueue: Sendable {
    let store: JobStore
    let slots: SlotPool
    let userLimit: Int
    let book = TurnBook()

    /// Of one shard.
    private static let pageSize = 10
    /// Further pages of a band are read only to find another user.
    private static let largePageSize = 200
    /// How far a look goes into a band.
    private static let pageLimit = 8
    /// Of how many users of a band it is asked how many jobs they have running.
    private static let userReach = 16

    init(store: JobStore, slots: SlotPool, userLimit: Int) {
        self.store = store
        self.slots = slots
        self.userLimit = userLimit
    }

    /// The queued jobs that should start next, at most `limit`, of those that `fits` takes.
    ///
    /// `hint` is the job a doorbell named: the index may not show it yet.
    func heads(limit: Int, hint: Job.ID?, fits: (Candidate) -> Bool) async throws(AWSError) -> [Candidate] {
        var looked: [Job.Band: [Candidate]] = [:]
        var heads: [Candidate] = []
        var standings: [String: TurnOrder.Standing] = [:]
        while heads.count < limit {
            var next: Candidate?
            for band in book.nextBands() where next == nil {
                if looked[band] == nil {
                    looked[band] = try await turns(in: band, &standings, where: fits).reversed()
                }
                next = looked[band]?.popLast()
            }
            guard let next else { break }
            heads.append(next)
        }
        guard heads.count < limit, let hint, !heads.contains(where: { $0.id == hint }),
            let job = try await store.job(hint), job.state == .queued, !job.hasParts,
            fits(Candidate(job))
        else { return heads }
        let isAtLimit = try await standing(of: job.user, &standings).running >= userLimit
        return isAtLimit ? heads : heads + [Candidate(job)]
    }

    /// A queued job that may run on `slot`, now `running` under the slot's token; nil when there is none.
    ///
    /// `first` is the job that was chosen for the slot; when somebody else has it by now, another one is.
    func claim(for slot: HeldSlot, elsewhere: Bool, first: Candidate? = nil) async throws(AWSError) -> Job? {
        if let first, let job = try await claim(first, slot) { return job }
        let now = store.clock()
        var standings: [String: TurnOrder.Standing] = [:]
        for band in book.nextBands() {
            var order = try await turns(in: band, &standings) {
                $0.mayRun(on: slot.worker, elsewhere: elsewhere, at: now)
            }
            if let choice = TurnOrder.choice(order, for: slot.worker, mayBePassed: book.mayBePassed),
                choice > 0
            {
                let passed = order[0].id
                order.insert(order.remove(at: choice), at: 0)
                if let job = try await claim(order.removeFirst(), slot) {
                    book.passOver(passed)
                    return job
                }
            }
            for candidate in order {
                if let job = try await claim(candidate, slot) { return job }
            }
        }
        return nil
    }

    private func claim(_ candidate: Candidate, _ slot: HeldSlot) async throws(AWSError) -> Job? {
        guard let job = try await store.job(candidate.id), job.state == .queued else { return nil }
        guard try await slots.assign(candidate.id, to: slot) else { return nil }
        let run = Job.Run(token: slot.token, worker: slot.worker.id, slot: slot.index)
        guard case .done(let claimed) = try await store.apply(.claimed(run), to: job) else { return nil }
        book.started(candidate)
        return claimed
    }

    /// The jobs of a band that `fits` takes, in the order of their users' turns.
    ///
    /// The oldest are looked at; where those are of one user, others are searched for behind them, unless that was in vain a
    /// moment ago: a large backlog must hide nobody, and must not cost every start a long search either.
    private func turns(
        in band: Job.Band, _ standings: inout [String: TurnOrder.Standing], where fits: (Candidate) -> Bool
    ) async throws(AWSError) -> [Candidate] {
        var pages = BandPages(band: band)
        var found: [Candidate] = []
        var free: Set<String> = []
        let now = store.clock()
        for number in 0..<Self.pageLimit {
            let page = try await pages.next(
                store, limit: number == 0 ? Self.pageSize : Self.largePageSize)
            for candidate in page where fits(candidate) {
                let isKnown = standings[candidate.user] != nil
                guard isKnown || free.count < Self.userReach else { continue }
                if try await standing(of: candidate.user, &standings).running >= userLimit { continue }
                free.insert(candidate.user)
                found.append(candidate)
            }
            if free.count > 1 || (free.count == 1 && book.isLonely(band, at: now)) { break }
            guard pages.isAtEnd || number == Self.pageLimit - 1 else { continue }
            if free.count == 1, number > 0 { book.foundNobodyElse(in: band, at: now) }
            break
        }
        return TurnOrder.order(found, standings: standings, limit: userLimit)
    }

    private func standing(of user: String, _ known: inout [String: TurnOrder.Standing])
        async throws(AWSError) -> TurnOrder.Standing
    {
        if let standing = known[user] { return standing }
        let standing = TurnOrder.Standing(
            running: try await store.runningCount(user: user, limit: userLimit),
            lastStart: book.lastStart(of: user))
        known[user] = standing
        return standing
    }

    /// How many jobs are queued, counted up to `limit`.
    func depth(limit: Int) async throws(AWSError) -> Int {
        var count = 0
        for band in Job.Band.allCases {
            for shard in 0..<JobItem.queueShards where count < limit {
                var query = DynamoDB.Query(
                    table: store.table, index: TableDefinition.queue.name,
                    where: .equals("queue_pk", .s(JobItem.queuePartition(band, shard: shard))))
                query.countOnly = true
                query.limit = limit - count
                count += try await store.dynamoDB.query(query).count
            }
        }
        return count
    }
}

/// Reads a band's shards page by page, all shards at once, and merges them by age.
private struct BandPages {
    let band: Job.Band
    private var startKeys: [Int: Item] = [:]
    private var finished: Set<Int> = []

    init(band: Job.Band) { self.band = band }

    var isAtEnd: Bool { finished.count == JobItem.queueShards }

    mutating func next(_ store: JobStore, limit: Int) async throws(AWSError) -> [Candidate] {
        let shards = (0..<JobItem.queueShards).filter { !finished.contains($0) }
        let queries = shards.map { shard in
            var query = DynamoDB.Query(
                table: store.table, index: TableDefinition.queue.name,
                where: .equals("queue_pk", .s(JobItem.queuePartition(band, shard: shard))))
            query.limit = limit
            query.startKey = startKeys[shard]
            return (shard, query)
        }
        let pages = await withTaskGroup(of: ShardPage.self) { group in
            for (shard, query) in queries {
                group.addTask { await Self.page(of: shard, query, store) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var candidates: [Candidate] = []
        for answer in pages {
            let page = try answer.page.get()
            candidates += page.items.compactMap { Candidate($0, in: band) }
            startKeys[answer.shard] = page.lastKey
            if page.lastKey == nil { finished.insert(answer.shard) }
        }
        return candidates.sorted { ($0.queuedAt, "\($0.id)") < ($1.queuedAt, "\($1.id)") }
    }

    private struct ShardPage: Sendable {
        let shard: Int
        let page: Result<DynamoDB.Page, AWSError>
    }

    private static func page(of shard: Int, _ query: DynamoDB.Query, _ store: JobStore) async -> ShardPage {
        do throws(AWSError) {
            return ShardPage(shard: shard, page: .success(try await store.dynamoDB.query(query)))
        } catch {
            return ShardPage(shard: shard, page: .failure(error))
        }
    }
}
