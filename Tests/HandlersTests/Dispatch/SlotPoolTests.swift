import AWSClients
import Crypto
import HTTP
import Synchronization
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct SlotPoolTests {
    private func pool(_ deployment: Deployment, lease: Duration = .seconds(45)) -> SlotPool {
        SlotPool(
            dynamoDB: deployment.dynamoDB, table: deployment.services.configuration.table,
            store: deployment.services.store, lease: lease)
    }

    private func worker(slots: Int = 1) throws -> Worker {
        Worker(address: try #require(URL("http://127.0.0.1:8188")), .init(slots: slots))
    }

    @Test func aWorkerHasAsManySlotsAsItHas() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let (pool, worker) = (pool(deployment), try worker(slots: 2))
        let taken = try await withThrowingTaskGroup(of: HeldSlot?.self) { group in
            for _ in 0..<6 { group.addTask { try await pool.take(on: worker) } }
            return try await group.reduce(into: [HeldSlot]()) { if let slot = $1 { $0.append(slot) } }
        }
        #expect(Set(taken.map(\.index)).count == taken.count)
        #expect(!taken.isEmpty && taken.count <= 2)
        if taken.count == 1 { #expect(try await pool.take(on: worker) != nil) }
        #expect(try await pool.take(on: worker) == nil)
        try await pool.free(try #require(taken.first))
        #expect(try await pool.take(on: worker)?.index == taken.first?.index)
    }

    @Test func aLeaseThatRanOutIsTakenWhenNoJobNamesIt() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let (short, worker) = (pool(deployment, lease: .milliseconds(-1)), try worker())
        let first = try #require(try await short.take(on: worker))
        let second = try #require(try await pool(deployment).take(on: worker))
        #expect(second.index == first.index)
        #expect(try await short.renew(first) == false)
        #expect(try await pool(deployment).take(on: worker) == nil)
    }

    /// The prompt of a run whose process died may still be running: no other job may come to its slot.
    @Test func anExpiredSlotStillBelongsToItsRunningJob() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let store = deployment.services.store
        let (short, worker) = (pool(deployment, lease: .milliseconds(-1)), try worker())
        let slot = try #require(try await short.take(on: worker))
        let job = try await deployment.submit()
        #expect(try await short.assign(job.id, to: slot))
        let run = Job.Run(token: slot.token, worker: worker.id, slot: slot.index)
        guard case .done(let claimed) = try await store.apply(.claimed(run), to: job) else {
            throw TestFailure("not claimed")
        }
        #expect(try await pool(deployment).take(on: worker) == nil)
        // Whoever resumes the job gets it, once.
        let resumed = try #require(
            try await pool(deployment).takeOver(claimed, run: run, worker: worker))
        #expect(try await pool(deployment).takeOver(claimed, run: run, worker: worker) == nil)
        #expect(try await pool(deployment).renew(resumed))
        // And when the job has ended, an expired slot that still names it is free.
        try await store.dynamoDB.update(
            ["pk": .s("WORKER#\(worker.id)"), "sk": .s("SLOT#0")], in: store.table,
            [.set("expires", .n(1))])
        _ = try await store.apply(.completed([Sample.output]), to: claimed)
        #expect(try await pool(deployment).take(on: worker) != nil)
    }

    /// The slot has a new token and the job still the old one: the next one takes over, and nobody else.
    @Test func aTakeOverThatDiedHalfWayIsRepeated() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let (short, worker) = (pool(deployment, lease: .milliseconds(-1)), try worker())
        let slot = try #require(try await short.take(on: worker))
        let job = try await deployment.submit()
        #expect(try await short.assign(job.id, to: slot))
        let run = Job.Run(token: slot.token, worker: worker.id, slot: slot.index)
        guard case .done(let claimed) = try await deployment.services.store.apply(.claimed(run), to: job)
        else { throw TestFailure("not claimed") }
        #expect(try await short.takeOver(claimed, run: run, worker: worker) != nil)
        #expect(try await pool(deployment).take(on: worker) == nil)
        #expect(try await pool(deployment).takeOver(claimed, run: run, worker: worker) != nil)
    }

    @Test func aLeaseThatHoldsIsNotTakenOver() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let (pool, worker) = (pool(deployment), try worker())
        let slot = try #require(try await pool.take(on: worker))
        var job = try await deployment.submit()
        #expect(try await pool.assign(job.id, to: slot))
        let run = Job.Run(token: slot.token, worker: worker.id, slot: slot.index)
        job.run = run
        #expect(try await pool.takeOver(job, run: run, worker: worker) == nil)
        #expect(try await pool.renew(slot))
    }

    /// The first answer is lost after the write was done: the repeated write finds the token that it wrote.
    @Test(arguments: [nil, ["token": .s("another")]] as [Item?])
    func aSlotWhoseAnswerWasLostIsOursIfItSaysSo(_ found: Item?) async throws {
        let table = try OneItemTable(item: found)
        let store = try table.store()
        let pool = SlotPool(
            dynamoDB: store.dynamoDB, table: store.table, store: store,
            lease: .seconds(45))
        #expect((try await pool.take(on: try worker()) != nil) == (found == nil))
    }

    @Test func theLeaseOfARunIsSeenOnlyUnderItsToken() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let (pool, worker) = (pool(deployment), try worker())
        let slot = try #require(try await pool.take(on: worker))
        var run = Job.Run(token: slot.token, worker: worker.id, slot: slot.index)
        let end = try #require(try await pool.leaseEnd(of: run))
        #expect(end > deployment.services.now + .seconds(30))
        run.token = "another"
        #expect(try await pool.leaseEnd(of: run) == nil)
    }

    /// Which slots are held, as those who took them say.
    private final class Held: Sendable {
        private let slots = Mutex<[String: Set<Int>]>([:])

        func add(_ slot: HeldSlot) -> (isNew: Bool, count: Int) {
            slots.withLock { slots in
                let isNew = slots[slot.worker.id, default: []].insert(slot.index).inserted
                return (isNew, slots[slot.worker.id]?.count ?? 0)
            }
        }

        func remove(_ slot: HeldSlot) {
            slots.withLock { _ = $0[slot.worker.id]?.remove(slot.index) }
        }
    }

    /// Many takers on several workers, again and again while slots come free.
    @Test func nobodyTakesASlotMoreThanThereAre() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let pool = pool(deployment)
        let workers = try (1...3).map { slots in
            Worker(address: try #require(URL("http://10.0.0.\(slots):8188")), .init(slots: slots))
        }
        let held = Held()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<24 {
                group.addTask {
                    for round in 0..<4 {
                        let worker = workers[(number + round) % workers.count]
                        guard let slot = try await pool.take(on: worker) else { continue }
                        let found = held.add(slot)
                        #expect(found.isNew)
                        #expect(found.count <= worker.slots)
                        held.remove(slot)
                        try await pool.free(slot)
                    }
                }
            }
            try await group.waitForAll()
        }
        for worker in workers {
            var taken = 0
            while try await pool.take(on: worker) != nil { taken += 1 }
            #expect(taken == worker.slots)
        }
    }

    /// It had three slots and has two: what is held of the third counts.
    @Test func aWorkerWithFewerSlotsThanBeforeGetsNoMoreJobs() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let pool = pool(deployment)
        let (before, now) = (try worker(slots: 3), try worker(slots: 2))
        var held: [HeldSlot] = []
        for _ in 0..<3 { held.append(try #require(try await pool.take(on: before))) }
        try await pool.free(held[0])
        #expect(try await pool.take(on: now) == nil)
        try await pool.free(held[1])
        let taken = try #require(try await pool.take(on: now))
        #expect(taken.index == 0)
        #expect(try await pool.take(on: now) == nil)
        try await pool.free(held[2])
        #expect(try await pool.take(on: now)?.index == 1)
    }

    /// Addresses come and go: what is left of a free slot goes by itself.
    @Test func aFreeSlotIsForgottenInTheEndAndAHeldOneIsNot() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let (pool, worker) = (pool(deployment), try worker())
        let key: Item = ["pk": .s("WORKER#\(worker.id)"), "sk": .s("SLOT#0")]
        let table = deployment.services.configuration.table
        let slot = try #require(try await pool.take(on: worker))
        try await pool.free(slot)
        let freed = try await deployment.dynamoDB.get(key, from: table)
        let end = try #require(freed?[TableDefinition.timeToLiveAttribute]?.int64)
        #expect(abs(end - deployment.services.now.seconds - 86_400) < 60)
        _ = try await pool.take(on: worker)
        let held = try await deployment.dynamoDB.get(key, from: table)
        #expect(held?["token"] != nil)
        #expect(held?[TableDefinition.timeToLiveAttribute] == nil)
    }
}
