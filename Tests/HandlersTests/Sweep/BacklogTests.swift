import AWSClients
import Crypto
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct BacklogTests {
    @Test func whatWaitsAndWhatRunsIsCounted() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let store = deployment.services.store
        #expect(try await Backlog.count(store) == Backlog(byBand: [.low: 0, .normal: 0, .high: 0]))
        let now = deployment.services.now
        for (age, priority) in [(7, 1), (95, 5), (3, 10), (50, 5)] {
            var job = Job(
                id: Job.ID(UUID.v7(milliseconds: now.milliseconds)), user: "alice",
                createdAt: now - .seconds(age))
            job.priority = priority
            #expect(try await store.create(job))
        }
        for number in 0..<3 {
            let job = try await deployment.submit(user: "bob")
            let run = Job.Run(token: "t", worker: "w-1", slot: number)
            guard case .done(let running) = try await store.apply(.claimed(run), to: job) else {
                throw TestFailure("not claimed")
            }
            // An end that is not announced yet is open work, and does not run.
            if number == 2 { _ = try await store.apply(.completed([Sample.output]), to: running) }
        }
        let backlog = try await Backlog.count(store)
        #expect(backlog.queued == 4)
        #expect(backlog.byBand == [.low: 1, .normal: 2, .high: 1])
        #expect(backlog.running == 2)
        #expect(backlog.oldestAge >= .seconds(95) && backlog.oldestAge < .seconds(155))
    }

    @Test(arguments: [(0, 0, 0), (12, 0, 12), (12, 1, 12), (12, 4, 3), (3, 2, 1.5)] as [(Int, Int, Double)])
    func noWorkerCountsAsOne(_ queued: Int, _ alive: Int, _ expected: Double) {
        #expect(Backlog(queued: queued).perWorker(alive) == expected)
    }
}
