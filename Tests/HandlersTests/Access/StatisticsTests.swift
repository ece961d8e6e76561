import AWSClients
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1)))
struct StatisticsTests {
    @Test func whatAllUsersHadIsAddedUpAsTheirJobsEnd() async throws {
        let bench = try await AccessBench.start()
        let admin = try await bench.admin()
        let people = [bench.foreignToken("alice", tier: "pro"), bench.foreignToken("bob")]
        for token in people {
            let made = await bench.send(
                .post, "/v1/generate", ["prompt": "x", "batch_size": 2], token: token)
            let id = try #require((made.json?["job_id"]?.string).flatMap { Job.ID($0) })
            try await bench.stack.complete(id, [])
            let job = try #require(try await bench.services.store.job(id))
            await Announcer(services: bench.services).announce(job)
        }
        // One that never ran took nothing.
        let queued = await bench.send(.post, "/v1/generate", ["prompt": "x"], token: people[0])
        let id = try #require(queued.json?["job_id"]?.string)
        #expect(await bench.send(.post, "/v1/jobs/\(id)/cancel", token: people[0]).status == 200)

        let answer = await bench.send(.get, "/v1/admin/statistics", token: admin.access)
        #expect(answer.status == 200)
        #expect(answer.json?["accounts"] == 1)
        let total = answer.json?["total"]
        #expect(total?["images"] == 4)
        #expect(total?["jobs_completed"] == 2)
        #expect(total?["jobs_cancelled"] == 1)
        #expect(total?["jobs_failed"] == 0)
        #expect(total?["mean_run_ms"]?.int != nil)
        #expect((answer.json?["days"]?.array?.count ?? 0) >= 1)
        // Nobody's own usage is another's.
        let usage = await bench.send(.get, "/v1/usage", token: people[1])
        #expect(usage.json?["last_30_days"]?["jobs_completed"] == 1)
    }

    @Test func theyAreForAdministrators() async throws {
        let bench = try await AccessBench.start()
        let answer = await bench.send(
            .get, "/v1/admin/statistics", token: bench.foreignToken("alice", tier: "pro"))
        #expect(answer.status == 403)
    }
}
