import Crypto
import HTTP
import Testing
import Time

@testable import Handlers

/// Who gets the starts while the high band is never empty, claimed from the table as dispatchers claim them.
@Suite(.timeLimit(.minutes(3))) struct StartShareTests {
    /// Twenty dispatchers, of which none remembers another's picks: each looks at the queue, begins with what it saw at its
    /// head, and claims nine more.
    @Test func lowJobsGetTheirShareOfTheStarts() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let store = deployment.services.store
        for (priority, count) in [(10, 190), (5, 40), (1, 40)] {
            for _ in 0..<count {
                let now = deployment.services.now
                var job = Job(id: Job.ID(.v7(milliseconds: now.milliseconds)), user: "alice", createdAt: now)
                job.priority = priority
                #expect(try await store.create(job))
            }
        }
        let slots = SlotPool(
            dynamoDB: deployment.dynamoDB, table: store.table, store: store, lease: .seconds(600))
        let worker = Worker(address: try #require(URL("http://127.0.0.1:8188")))
        let slot = try #require(try await slots.take(on: worker))
        var starts: [Job.Band] = []
        for _ in 0..<20 {
            let queue = JobQueue(store: store, slots: slots, userLimit: 1000, on: testLoop)
            var head = try await queue.heads(limit: 10, hint: nil) { _ in true }.first
            for _ in 0..<10 {
                let job = try #require(try await queue.claim(for: slot, elsewhere: false, first: head))
                starts.append(job.band)
                head = nil
            }
        }
        #expect(starts.count == 200)
        #expect(starts.count { $0 == .low } >= 10)
        #expect(starts.count { $0 == .normal } >= 10)
        // The high band had jobs left after them all.
        #expect((150..<190).contains(starts.count { $0 == .high }))
    }
}
