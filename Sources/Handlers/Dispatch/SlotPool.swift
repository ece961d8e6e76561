import AWSClients
import Crypto
import Telemetry
import Time

/// A slot that this process holds: the right to run one job on one worker until the lease ends.
struct HeldSlot: Sendable {
    var worker: Worker
    let index: Int
    /// In every write of the run.
    let token: String
    /// Who died here before: its prompt may have left something on the worker, or still be there.
    var predecessor: Job.ID?
}

/// The slots of the workers: the one lease of the system. A slot is taken first, then a job.
///
/// A slot whose lease ran out still belongs to the job it names, as long as that job says so too: its prompt may
/// still be running there. The sweep has the job resumed, and the resuming run takes the slot over by its token.
struct SlotPool: Sendable {
    let dynamoDB: DynamoDB
    let table: String
    let store: JobStore
    let lease: Duration

    /// A free slot is as good as none: the table may forget one that nobody took for this long.
    private static let memory: Duration = .seconds(86_400)
    private let timeToLive = AttributePath(names: TableDefinition.timeToLiveAttribute)

    init(dynamoDB: DynamoDB, table: String, store: JobStore, lease: Duration) {
        // A lease that is not renewed is a run that somebody else begins anew.
        self.dynamoDB = dynamoDB.insistent
        self.table = table
        self.store = store
        self.lease = lease
    }

    /// Takes a free slot of `worker`; nil when all that it may have are held.
    func take(on worker: Worker) async throws(AWSError) -> HeldSlot? {
        let taken = try await slots(of: worker)
        for index in 0..<(try await limit(worker, taken)) {
            if let item = taken[index], item["token"] != nil {
                if let slot = try await takeAbandoned(item, worker, index) { return slot }
            } else {
                let slot = HeldSlot(worker: worker, index: index, token: "\(UUID.v4())")
                if try await write(slot, job: nil, condition: .notExists("token")) { return slot }
            }
        }
        return nil
    }

    /// How many slots of each worker are held, by its id: what a dispatch asks before it looks at the queue, since most doorbells of a
    /// backlog find every slot held. One call, so in a large pool it is a sample: a slot that is not looked at does not count.
    func held(among workers: [Worker]) async throws(AWSError) -> [String: Int] {
        let all = workers.flatMap { worker in (0..<worker.slots).map { key(worker, $0) } }
        guard !all.isEmpty else { return [:] }
        let items = try await dynamoDB.batchGet(
            Array(all.shuffled().prefix(DynamoDB.maximumBatchKeys)), from: table)
        let now = store.clock().milliseconds
        var held: [String: Int] = [:]
        for item in items where item["token"] != nil && (item["expires"]?.int64 ?? 0) > now {
            if let worker = item["pk"]?.string?.dropFirst("WORKER#".count) {
                held[String(worker), default: 0] += 1
            }
        }
        return held
    }

    /// Below which index slots are taken: all, unless the worker had more slots before, and some of those are still held.
    private func limit(_ worker: Worker, _ taken: [Int: Item]) async throws(AWSError) -> Int {
        var limit = worker.slots
        var beyond = 0
        for (index, item) in taken.sorted(by: { $0.key > $1.key }) where item["token"] != nil {
            if index < worker.slots - beyond { break }
            beyond += try await isAbandoned(item, worker, index) ? 0 : 1
            limit = max(0, worker.slots - beyond)
        }
        return limit
    }

    /// Whether somebody holds a slot of it, or could take one over.
    func areHeld(on worker: Worker) async throws(AWSError) -> Bool {
        try await slots(of: worker).values.contains { $0["token"] != nil }
    }

    /// Takes the slots whose holders died, to give them back: nobody else may come by for long.
    func takeAbandoned(on worker: Worker) async throws(AWSError) -> [HeldSlot] {
        var abandoned: [HeldSlot] = []
        for (index, item) in try await slots(of: worker) where item["token"] != nil {
            if let slot = try await takeAbandoned(item, worker, index) { abandoned.append(slot) }
        }
        return abandoned
    }

    /// The job stays named on the slot: whoever takes it may die too before the worker is tidied.
    private func takeAbandoned(_ item: Item, _ worker: Worker, _ index: Int) async throws(AWSError)
        -> HeldSlot?
    {
        guard let holder = item["token"]?.string, try await isAbandoned(item, worker, index) else {
            return nil
        }
        var slot = HeldSlot(worker: worker, index: index, token: "\(UUID.v4())")
        slot.predecessor = (item["job"]?.string).flatMap { Job.ID($0) }
        let isTaken = try await write(
            slot, job: slot.predecessor, condition: .equals("token", .s(holder)))
        return isTaken ? slot : nil
    }

    /// Continues a run whose lease is over: the slot goes to a new token. nil while the lease holds, and when the slot
    /// is another job's. Whoever died between this and the job's own write left a token there that the job does not
    /// know: what counts then is the job's name.
    func takeOver(_ job: Job, run: Job.Run, worker: Worker) async throws(AWSError) -> HeldSlot? {
        let slot = HeldSlot(worker: worker, index: run.slot, token: "\(UUID.v4())")
        let taken = try await write(
            slot, job: job.id,
            condition: .or([
                .notExists("token"),
                .and([
                    .lessOrEqual("expires", .n(store.clock().milliseconds)),
                    .or([.equals("token", .s(run.token)), .equals("job", .s("\(job.id)"))]),
                ]),
            ]))
        return taken ? slot : nil
    }

    /// Names the job on the slot, so that an expired lease is known to be its.
    func assign(_ job: Job.ID, to slot: HeldSlot) async throws(AWSError) -> Bool {
        try await write(slot, job: job, condition: .equals("token", .s(slot.token)))
    }

    /// Another lease from now on. False when somebody else has the slot: the run must stop.
    func renew(_ slot: HeldSlot) async throws(AWSError) -> Bool {
        try await setLease(of: slot, until: store.clock() + lease)
    }

    /// Leaves the slot to its job, for whoever resumes it: the lease is over at once, by any clock.
    func handOff(_ slot: HeldSlot) async throws(AWSError) -> Bool {
        try await setLease(of: slot, until: Timestamp(milliseconds: 0))
    }

    private func setLease(of slot: HeldSlot, until end: Timestamp) async throws(AWSError) -> Bool {
        try await conditional { () async throws(AWSError) in
            try await dynamoDB.update(
                key(slot.worker, slot.index), in: table, [.set("expires", .n(end.milliseconds))],
                condition: .equals("token", .s(slot.token)))
        }
    }

    /// Gives it back; no harm when it is somebody else's by now.
    func free(_ slot: HeldSlot) async throws(AWSError) {
        _ = try await conditional { () async throws(AWSError) in
            try await dynamoDB.update(
                key(slot.worker, slot.index), in: table,
                [
                    .remove("token"), .remove("job"), .remove("expires"),
                    .set(timeToLive, .n((store.clock() + Self.memory).seconds)),
                ],
                condition: .equals("token", .s(slot.token)))
        }
    }

    /// Until when the run of a job holds its slot; nil when it does not.
    func leaseEnd(of run: Job.Run) async throws(AWSError) -> Timestamp? {
        let item = try await dynamoDB.get(key(id: run.worker, run.slot), from: table)
        guard let item, item["token"]?.string == run.token, let expires = item["expires"]?.int64
        else { return nil }
        return Timestamp(milliseconds: expires)
    }

    /// Whether the slot of a job's run still names the job.
    func belongs(_ run: Job.Run, to job: Job.ID) async throws(AWSError) -> Bool {
        let item = try await dynamoDB.get(key(id: run.worker, run.slot), from: table)
        return item?["job"]?.string == "\(job)"
    }

    private func slots(of worker: Worker) async throws(AWSError) -> [Int: Item] {
        var query = DynamoDB.Query(
            table: table,
            where: .and([.equals("pk", .s("WORKER#\(worker.id)")), .beginsWith("sk", "SLOT#")]))
        query.consistent = true
        var slots: [Int: Item] = [:]
        for item in try await dynamoDB.query(query).items {
            if let sortKey = item["sk"]?.string, let index = Int(sortKey.dropFirst("SLOT#".count)) {
                slots[index] = item
            }
        }
        return slots
    }

    /// The lease is over, and the job it names (if any) does not run here any more. The job's token does not matter:
    /// during a take-over it is another one than the slot's.
    private func isAbandoned(_ item: Item, _ worker: Worker, _ index: Int) async throws(AWSError) -> Bool {
        guard let expires = item["expires"]?.int64, expires < store.clock().milliseconds else {
            return false
        }
        guard let id = (item["job"]?.string).flatMap({ Job.ID($0) }) else { return true }
        let run = try await store.job(id)?.run
        return run?.worker != worker.id || run?.slot != index
    }

    private func write(_ slot: HeldSlot, job: Job.ID?, condition: Condition) async throws(AWSError) -> Bool {
        var updates: [Update] = [
            .set("token", .s(slot.token)), .remove(timeToLive),
            .set("expires", .n((store.clock() + lease).milliseconds)),
        ]
        updates.append(job.map { .set("job", .s("\($0)")) } ?? .remove("job"))
        let key = key(slot.worker, slot.index)
        do {
            try await dynamoDB.update(key, in: table, updates, condition: condition)
            return true
        } catch  where error.code == .conditionalCheckFailed {
            // After a lost answer the repeated write finds what the first one wrote.
            guard error.attempts > 1 else { return false }
            return try await dynamoDB.get(key, from: table)?["token"]?.string == slot.token
        }
    }

    private func conditional(_ write: () async throws(AWSError) -> Void) async throws(AWSError) -> Bool {
        do {
            try await write()
            return true
        } catch  where error.code == .conditionalCheckFailed {
            return false
        }
    }

    private func key(_ worker: Worker, _ index: Int) -> Item { key(id: worker.id, index) }

    private func key(id: String, _ index: Int) -> Item {
        ["pk": .s("WORKER#\(id)"), "sk": .s("SLOT#\(index)")]
    }
}
