import AWSClients
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
                dynamoDB: deployment.dynamoDB, table: store.table, slotsPerWorker: 1, store: store,
                lease: .seconds(45))
            queue = JobQueue(store: store, slots: pool, userLimit: userLimit)
            let worker = Worker(address: try #require(URL("http://127.0.0.1:8188")), labels: labels)
            slot = try #require(try await pool.take(on: worker))
        }

        func claim(elsewhere: Bool = false, hint: Job.ID? = nil) async throws -> Job.ID? {
            try await queue.claim(for: slot, elsewhere: elsewhere, hint: hint)?.id
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
        let other = try await bench.deployment.submit(user: "bob")
        _ = try await bench.claim()
        _ = try await bench.claim()
        #expect(try await bench.claim() == other.id)
        #expect(try await bench.claim() == nil)
    }

    @Test func aJobGoesOnlyWhereItsLabelsAre() async throws {
        let wrong = try await Bench(labels: ["eu"])
        var job = try await wrong.deployment.submit()
        job.workerLabels = ["a100"]
        try await wrong.deployment.dynamoDB.put(
            JobItem.encode(job), into: wrong.deployment.services.configuration.table)
        #expect(try await wrong.claim() == nil)
        #expect(try await wrong.claim(hint: job.id) == nil)
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
}
