import AWSClients
import HTTP
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
    private let looks: SharedLooks

    /// Of one shard.
    private static let pageSize = 10
    /// Further pages of a band are read only to find another user.
    private static let largePageSize = 200
    /// How far a look goes into a band.
    private static let pageLimit = 8
    /// Of how many users of a band it is asked how many jobs they have running.
    private static let userReach = 16

    init(store: JobStore, slots: SlotPool, userLimit: Int, on loop: EventLoop) {
        looks = SharedLooks(on: loop)
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
        return try await pick(for: slot, elsewhere: elsewhere) { (candidate, _) throws(AWSError) in
            try await claim(candidate, slot)
        }
    }

    /// What `claim` would take for `slot` now, where `ending` is about to end. Nothing is written; `book.forget` what is not claimed.
    func foresee(for slot: HeldSlot, elsewhere: Bool, ending: Job) async throws(AWSError) -> NextJob? {
        try await pick(for: slot, elsewhere: elsewhere, ending: ending) {
            (candidate, behind) throws(AWSError) in
            guard book.foresee(candidate.id, at: store.clock()) else { return nil }
            guard let job = try await store.job(candidate.id), job.state == .queued else {
                book.forget(candidate.id)
                return nil
            }
            return NextJob(candidate: candidate, job: job, behind: Array(behind.prefix(NextJob.reserve)))
        }
    }

    /// Claims what was foreseen for `slot`, or one that stood behind it; nil when all of them are gone.
    func claim(_ next: NextJob, for slot: HeldSlot) async throws(AWSError) -> Job? {
        let first =
            next.isReadyToSend
            ? try await claimAtOnce(next, slot) : try await claim(next.job, next.candidate, slot)
        if let first { return first }
        for candidate in next.behind {
            if let job = try await claim(candidate, slot) { return job }
        }
        return nil
    }

    /// Offers `take` the queued jobs that may run on `slot`, each with those behind it, in the order in which they should
    /// start, until it takes one.
    private func pick<T>(
        for slot: HeldSlot, elsewhere: Bool, ending: Job? = nil,
        _ take: (Candidate, ArraySlice<Candidate>) async throws(AWSError) -> T?
    ) async throws(AWSError) -> T? {
        let now = store.clock()
        var standings: [String: TurnOrder.Standing] = [:]
        for band in book.nextBands() {
            var order = try await turns(in: band, &standings, ending: ending?.user) {
                $0.mayRun(on: slot.worker, elsewhere: elsewhere, at: now)
                    && (ending == nil || !book.isForeseen($0.id, at: now))
            }
            if let choice = TurnOrder.choice(order, for: slot.worker, mayBePassed: book.mayBePassed),
                choice > 0
            {
                let passed = order[0].id
                order.insert(order.remove(at: choice), at: 0)
                if let taken = try await take(order[0], order[1...]) {
                    book.passOver(passed)
                    return taken
                }
                order.removeFirst()
            }
            for (index, candidate) in order.enumerated() {
                if let taken = try await take(candidate, order[(index + 1)...]) { return taken }
            }
        }
        return nil
    }

    private func claim(_ candidate: Candidate, _ slot: HeldSlot) async throws(AWSError) -> Job? {
        guard let job = try await store.job(candidate.id), job.state == .queued else { return nil }
        return try await claim(job, candidate, slot)
    }

    private func claim(_ job: Job, _ candidate: Candidate, _ slot: HeldSlot) async throws(AWSError) -> Job? {
        guard try await slots.assign(job.id, to: slot) else { return nil }
        let run = Job.Run(token: slot.token, worker: slot.worker.id, slot: slot.index)
        guard case .done(let claimed) = try await store.apply(.claimed(run), to: job) else { return nil }
        book.started(candidate)
        return claimed
    }

    /// Of a job whose prompt can be sent at once: its attempt is counted with its claim, and the slot's write and the job's go side by
    /// side, so that the worker waits for one call. Where the slot was lost the job is given back.
    private func claimAtOnce(_ next: NextJob, _ slot: HeldSlot) async throws(AWSError) -> Job? {
        var run = Job.Run(token: slot.token, worker: slot.worker.id, slot: slot.index)
        let attempt = next.job.attempt + 1
        run.promptID = PromptID.derive(job: next.job.id, attempt: attempt)
        run.clientID = PromptID.client(job: next.job.id, attempt: attempt)
        async let assigning = assign(next.job.id, to: slot)
        let outcome = try await store.apply(.claimed(run), to: next.job)
        let assigned = await assigning
        guard case .done(let claimed) = outcome else { return nil }
        if case .success(true) = assigned {
            book.started(next.candidate)
            return claimed
        }
        _ = try await store.applyLatest(.released, to: claimed.id, heldBy: slot.token, knownAs: claimed)
        _ = try assigned.get()
        return nil
    }

    private func assign(_ job: Job.ID, to slot: HeldSlot) async -> Result<Bool, AWSError> {
        do throws(AWSError) {
            return .success(try await slots.assign(job, to: slot))
        } catch {
            return .failure(error)
        }
    }

    /// The jobs of a band that `fits` takes, in the order of their users' turns.
    ///
    /// The oldest are looked at; where those are of one user, others are searched for behind them, unless that was in vain a
    /// moment ago: a large backlog must hide nobody, and must not cost every start a long search either.
    private func turns(
        in band: Job.Band, _ standings: inout [String: TurnOrder.Standing], ending: String? = nil,
        where fits: (Candidate) -> Bool
    ) async throws(AWSError) -> [Candidate] {
        var pages = BandPages(band: band)
        var found: [Candidate] = []
        var free: Set<String> = []
        let now = store.clock()
        for number in 0..<Self.pageLimit {
            let page: [Candidate]
            if number == 0, ending != nil {
                let look = try await looks.look(at: band) { [store] in
                    await BandPages.firstLook(at: band, in: store, limit: Self.pageSize)
                }
                pages = look.pages
                page = look.candidates
            } else {
                page = try await pages.next(
                    store, limit: number == 0 ? Self.pageSize : Self.largePageSize)
            }
            for candidate in page where fits(candidate) {
                let isKnown = standings[candidate.user] != nil
                guard isKnown || free.count < Self.userReach else { continue }
                let standing = try await standing(of: candidate.user, &standings, ending: ending)
                if standing.running >= userLimit { continue }
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

    /// - Parameter ending: a user one of whose jobs is still counted as running, and will not be.
    private func standing(
        of user: String, _ known: inout [String: TurnOrder.Standing], ending: String? = nil
    ) async throws(AWSError) -> TurnOrder.Standing {
        if let standing = known[user] { return standing }
        let running = try await store.runningCount(user: user, limit: userLimit + (user == ending ? 1 : 0))
        let standing = TurnOrder.Standing(
            running: user == ending ? max(0, running - 1) : running, lastStart: book.lastStart(of: user))
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
