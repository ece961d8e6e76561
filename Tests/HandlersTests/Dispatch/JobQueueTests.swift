import AWSClients
import ComfyUI
import Crypto
import HTTP
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct JobQueueTests {
    /// A queue with one slot taken on one worker.
    private struct Bench {
        let deployment: Deployment
        let queue: JobQueue
        let slot: HeldSlot

        init(userLimit: Int = 3, labels: [String] = []) async throws {
            deployment = try await Deployment.make(on: testLoop)
            let store = deployment.services.store
            let pool = SlotPool(
                dynamoDB: deployment.dynamoDB, table: store.table, store: store,
                lease: .seconds(45))
            queue = JobQueue(store: store, slots: pool, userLimit: userLimit, on: testLoop)
            let worker = Worker(address: try #require(URL("http://127.0.0.1:8188")), .init(labels: labels))
            slot = try #require(try await pool.take(on: worker))
        }

        func claim(elsewhere: Bool = false) async throws -> Job.ID? {
            try await queue.claim(for: slot, elsewhere: elsewhere)?.id
        }

        func heads(_ limit: Int = 10, hint: Job.ID? = nil) async throws -> [Job.ID] {
            try await queue.heads(limit: limit, hint: hint) {
                $0.mayRun(on: slot.worker, elsewhere: false, at: deployment.services.now)
            }.map(\.id)
        }

        /// Queued that long ago, without a workflow: nobody runs it.
        @discardableResult
        func enqueue(
            _ user: String, priority: Int = 5, checkpoint: String? = nil, age: Duration = .zero
        ) async throws -> Job {
            let now = deployment.services.now
            // All in one shard.
            let id = try #require(UUID("\(UUID.v7(milliseconds: now.milliseconds))".dropLast() + "0"))
            var job = Job(id: Job.ID(id), user: user, createdAt: now - age)
            job.priority = priority
            job.checkpoint = checkpoint
            #expect(try await deployment.services.store.create(job))
            return job
        }

        /// As the slot would find the worker after it ran `checkpoint`.
        func claim(warmFor checkpoint: String) async throws -> Job? {
            var slot = slot
            slot.worker.checkpoint = checkpoint
            return try await queue.claim(for: slot, elsewhere: false)
        }

        /// Claims and ends a job; its user.
        func runOne() async throws -> String {
            let job = try #require(try await queue.claim(for: slot, elsewhere: false))
            _ = try await deployment.services.store.apply(.completed([Sample.output]), to: job)
            return job.user
        }
    }

    /// Ten picks in a row: nine from the top, and one of ten from the lowest band.
    @Test func highGoesFirstAndLowIsNotStarved() async throws {
        let bench = try await Bench(userLimit: 100)
        for _ in 0..<12 { _ = try await bench.deployment.submit(priority: 9) }
        let low = try await bench.deployment.submit(priority: 1)
        var picks: [Job.ID?] = []
        for _ in 0..<10 { picks.append(try await bench.claim()) }
        #expect(picks.filter { $0 == low.id }.count == 1)
    }

    /// What can be sent at once is counted with its claim, and the slot's write goes beside it.
    @Test(arguments: [true, false])
    func aForeseenJobIsClaimedWithItsPromptOrGivenBack(holdsSlot: Bool) async throws {
        let bench = try await Bench()
        let store = bench.deployment.services.store
        let job = try await bench.deployment.submit()
        var next = try #require(
            try await bench.queue.foresee(for: bench.slot, elsewhere: false, ending: Sample.claimed()))
        #expect(next.job.id == job.id)
        next.workflow = try WorkflowGraph(normalizing: Deployment.workflow)
        if !holdsSlot { try await bench.queue.slots.free(bench.slot) }
        let claimed = try await bench.queue.claim(next, for: bench.slot)
        #expect(claimed?.run?.promptID == (holdsSlot ? PromptID.derive(job: job.id, attempt: 1) : nil))
        let left = try #require(try await store.job(job.id))
        #expect(left.state == (holdsSlot ? .running : .queued))
        #expect(left.attempt == (holdsSlot ? 1 : 0))
        let run = Job.Run(token: bench.slot.token, worker: bench.slot.worker.id, slot: bench.slot.index)
        #expect(try await bench.queue.slots.belongs(run, to: job.id) == holdsSlot)
    }

    @Test func insideABandTheOldestGoesFirst() async throws {
        let bench = try await Bench()
        let first = try await bench.deployment.submit(priority: 5)
        let second = try await bench.deployment.submit(priority: 6)
        #expect(try await bench.claim() == first.id)
        #expect(try await bench.claim() == second.id)
        #expect(try await bench.claim() == nil)
    }

    @Test func nobodyTakesTheWholePool() async throws {
        let bench = try await Bench(userLimit: 2)
        for _ in 0..<4 { _ = try await bench.deployment.submit(user: "alice") }
        _ = try await bench.deployment.submit(user: "bob")
        var users: [String?] = []
        for _ in 0..<4 {
            users.append(try await bench.queue.claim(for: bench.slot, elsewhere: false)?.user)
        }
        #expect(users == ["alice", "bob", "alice", nil])
    }

    @Test func aJobGoesOnlyWhereItsLabelsAre() async throws {
        let wrong = try await Bench(labels: ["eu"])
        var job = try await wrong.deployment.submit()
        job.workerLabels = ["a100"]
        try await wrong.deployment.dynamoDB.put(
            JobItem.encode(job), into: wrong.deployment.services.configuration.table)
        #expect(try await wrong.claim() == nil)
        #expect(try await wrong.heads(hint: job.id) == [])
    }

    @Test func aRetriedJobWaitsAndPrefersElsewhere() async throws {
        let bench = try await Bench()
        let store = bench.deployment.services.store
        let job = try await bench.deployment.submit()
        let run = Job.Run(token: bench.slot.token, worker: bench.slot.worker.id, slot: 0)
        let id = job.id
        _ = try await store.apply(.claimed(run), to: job)
        _ = try await store.applyLatest(.submitted(promptID: "p", clientID: "c"), to: id)
        _ = try await store.applyLatest(
            .attemptFailed(.init(.workerLost, "gone"), delay: .zero), to: id)
        #expect(try await bench.claim(elsewhere: true) == nil)
        #expect(try await bench.claim(elsewhere: false) == id)
        _ = try await store.applyLatest(
            .attemptFailed(.init(.workerLost, "gone"), delay: .seconds(60)), to: id)
        #expect(try await bench.claim(elsewhere: false) == nil)
    }

    @Test func theQueuesDepthIsCountedUpToALimit() async throws {
        let bench = try await Bench()
        for _ in 0..<5 { _ = try await bench.deployment.submit() }
        #expect(try await bench.queue.depth(limit: 100) == 5)
        #expect(try await bench.queue.depth(limit: 3) == 3)
    }

    /// A large backlog of one user hides nobody: the other one's job is next, though it is the youngest of many.
    @Test func usersTakeTurns() async throws {
        let bench = try await Bench()
        // More than the first look reads.
        for number in 0..<28 { try await bench.enqueue("alice", age: .seconds(1000 - number)) }
        for _ in 0..<2 { try await bench.enqueue("bob", age: .seconds(10)) }
        try await bench.enqueue("carol", age: .seconds(5))
        var users: [String] = []
        for _ in 0..<7 { users.append(try await bench.runOne()) }
        #expect(users.prefix(3).sorted() == ["alice", "bob", "carol"])
        #expect(users.sorted() == ["alice", "alice", "alice", "alice", "bob", "bob", "carol"])
        #expect(users[3...4].sorted() == ["alice", "bob"])
    }

    @Test func whoHasFewerRunningIsFirst() async throws {
        let bench = try await Bench(userLimit: 10)
        for age in [50, 40, 30] { try await bench.enqueue("alice", age: .seconds(age)) }
        let first = try await bench.queue.claim(for: bench.slot, elsewhere: false)
        #expect(first?.user == "alice")
        let other = try await bench.enqueue("bob")
        #expect(try await bench.claim() == other.id)
    }

    @Test func aJobWhoseModelIsLoadedGoesBeforeOneQueuedHardlyEarlier() async throws {
        let bench = try await Bench()
        let first = try await bench.enqueue("alice", checkpoint: "a", age: .seconds(40))
        let warm = try await bench.enqueue("bob", checkpoint: "b", age: .seconds(10))
        #expect(try await bench.claim(warmFor: "b")?.id == warm.id)
        #expect(try await bench.claim(warmFor: "b")?.id == first.id)
    }

    @Test func aJobThatWaitedIsNotPassedOver() async throws {
        let bench = try await Bench()
        let first = try await bench.enqueue("alice", checkpoint: "a", age: .seconds(90))
        try await bench.enqueue("bob", checkpoint: "b", age: .seconds(10))
        #expect(try await bench.claim(warmFor: "b")?.id == first.id)
    }

    /// Jobs for the loaded model that never end hold another one up eight times, and no more.
    @Test func aJobIsPassedOverAFewTimesOnly() async throws {
        let bench = try await Bench(userLimit: 100)
        let first = try await bench.enqueue("alice", checkpoint: "a", age: .seconds(30))
        for _ in 0..<12 { try await bench.enqueue("alice", checkpoint: "b") }
        var starts: [Job.ID?] = []
        for _ in 0..<10 { starts.append(try await bench.claim(warmFor: "b")?.id) }
        #expect(starts.firstIndex(of: first.id) == TurnBook.passes)
    }

    @Test func theHeadsAreThoseThatShouldStartNext() async throws {
        let bench = try await Bench(userLimit: 2)
        let alices = [
            try await bench.enqueue("alice", age: .seconds(9)),
            try await bench.enqueue("alice", age: .seconds(8)),
            try await bench.enqueue("alice", age: .seconds(7)),
        ].map(\.id)
        let bob = try await bench.enqueue("bob", age: .seconds(1)).id
        #expect(try await bench.heads() == [alices[0], bob, alices[1]])
        #expect(try await bench.heads(2) == [alices[0], bob])
    }

    /// The index does not show it yet.
    @Test func aDoorbellsJobIsAmongTheHeads() async throws {
        let bench = try await Bench()
        let job = try await bench.enqueue("alice")
        try await bench.deployment.dynamoDB.update(
            JobItem.key(job.id), in: bench.deployment.services.configuration.table,
            [.remove("queue_pk"), .remove("queue_sk")])
        #expect(try await bench.heads() == [])
        #expect(try await bench.heads(hint: job.id) == [job.id])
        let other = try await bench.enqueue("alice")
        #expect(try await bench.heads(1, hint: job.id) == [other.id])
    }

    // MARK: What comes next

    @Test func whatIsForeseenIsClaimedUnlessSomebodyElseHasIt() async throws {
        let bench = try await Bench()
        let running = try await bench.enqueue("alice", age: .seconds(9))
        let second = try await bench.enqueue("alice", age: .seconds(8))
        let third = try await bench.enqueue("alice", age: .seconds(7))
        let ending = try #require(try await bench.queue.claim(for: bench.slot, elsewhere: false))
        #expect(ending.id == running.id)

        let next = try #require(
            try await bench.queue.foresee(for: bench.slot, elsewhere: false, ending: ending))
        #expect(next.job.id == second.id)
        #expect(try await bench.deployment.services.store.job(second.id)?.state == .queued)
        // It is left to the slot that it was foreseen for.
        let other = try await bench.queue.foresee(for: bench.slot, elsewhere: false, ending: ending)
        #expect(other?.job.id == third.id)
        bench.queue.book.forget(third.id)

        // Another dispatcher is faster.
        let store = bench.deployment.services.store
        _ = try await store.apply(.claimed(.init(token: "theirs", worker: "w", slot: 0)), to: next.job)
        #expect(try await bench.queue.claim(next, for: bench.slot)?.id == third.id)
        #expect(try await bench.deployment.services.store.job(second.id)?.run?.token == "theirs")
        // And then nothing is left of what was foreseen.
        #expect(try await bench.queue.claim(next, for: bench.slot) == nil)
    }

    /// Whose last job but one is ending may have that one's place.
    @Test func anEndingJobDoesNotCountAgainstItsUser() async throws {
        let bench = try await Bench(userLimit: 2)
        for age in [9, 8, 7] { try await bench.enqueue("alice", age: .seconds(age)) }
        let ending = try #require(try await bench.queue.claim(for: bench.slot, elsewhere: false))
        _ = try await bench.claim()
        #expect(try await bench.claim() == nil)
        let next = try await bench.queue.foresee(for: bench.slot, elsewhere: false, ending: ending)
        #expect(next?.job.user == "alice")
    }
}
