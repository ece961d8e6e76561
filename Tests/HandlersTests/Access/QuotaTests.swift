import AWSClients
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(2)))
struct QuotaTests {
    private static let day = Timestamp(milliseconds: TokenWorkshop.now * 1000)

    private func used(_ bench: AccessBench, _ user: String) async throws -> QuotaStore.Day {
        let days = try await bench.services.quotas.days(of: user, since: bench.services.now)
        return days.values.first ?? .init()
    }

    private func submit(_ bench: AccessBench, _ token: String, _ images: Int = 1) async -> APIBench.Answer {
        await bench.send(
            .post, "/v1/generate", ["prompt": "a lighthouse", "batch_size": .number(images)], token: token)
    }

    private static func id(_ subject: String) -> String {
        User(issuer: TokenWorkshop.issuer, subject: subject).id
    }

    @Test(arguments: [(Tier.free, 10, 600), (.pro, 1000, 36_000)])
    func aTierHasItsPicturesADay(_ tier: Tier, _ images: Int, _ seconds: Int) throws {
        let configuration = try Configuration(environment: ConfigurationTests.required)
        #expect(configuration.access.quotas[tier] == .init(images: images, gpuSeconds: seconds))
        #expect(configuration.access.quotas[.admin] == nil)
    }

    @Test func tenPicturesAreADayOfFree() async throws {
        let bench = try await AccessBench.start()
        let token = bench.foreignToken("alice")
        #expect(await submit(bench, token, 4).status == 202)
        #expect(await submit(bench, token, 4).status == 202)
        let refused = await submit(bench, token, 3)
        #expect(refused.status == 429)
        #expect(refused.code == "QUOTA_EXCEEDED")
        #expect(refused.json?["error"]?["details"]?["images_used"] == 8)
        #expect(refused.json?["error"]?["details"]?["images_limit"] == 10)
        let wait = try #require(refused.headers["Retry-After"].flatMap { Int($0) })
        #expect((1...86_400).contains(wait))
        #expect(await submit(bench, token, 2).status == 202)
        #expect(await submit(bench, token, 1).status == 429)
        #expect(try await used(bench, Self.id("alice")).images == 10)
        #expect(await submit(bench, bench.foreignToken("bob"), 1).status == 202)
    }

    @Test func picturesAreBatchTimesOutputs() async throws {
        let bench = try await AccessBench.start()
        let workflow: JSON = [
            "1": [
                "class_type": "EmptyImage",
                "inputs": ["width": 64, "height": 64, "batch_size": 3, "color": 0],
            ],
            "2": ["class_type": "SaveImage", "inputs": ["images": ["1", 0], "filename_prefix": "a"]],
            "3": ["class_type": "SaveImage", "inputs": ["images": ["1", 0], "filename_prefix": "b"]],
        ]
        let answer = await bench.send(
            .post, "/v1/workflows/execute", ["workflow": workflow], token: bench.foreignToken("alice"))
        #expect(answer.status == 202)
        #expect(try await used(bench, Self.id("alice")).images == 6)
    }

    @Test func whatIsRefusedOrRepeatedCostsNothingMore() async throws {
        let bench = try await AccessBench.start()
        let token = bench.foreignToken("alice")
        #expect(await bench.send(.post, "/v1/generate", ["prompt": 7], token: token).status == 400)
        for _ in 0..<3 {
            let answer = await bench.stack.bench.post(
                "/v1/generate", #"{"prompt": "a lighthouse"}"#,
                headers: ["Authorization": "Bearer \(token)", "Idempotency-Key": "k-1"])
            #expect(answer.status == 202)
        }
        #expect(try await used(bench, Self.id("alice")).images == 1)
    }

    @Test func timeOnGPUsIsADaysToo() async throws {
        let bench = try await AccessBench.start()
        let token = bench.foreignToken("alice")
        let key: Item = [
            "pk": .s(QuotaStore.partition(Self.id("alice"))), "sk": .s(QuotaStore.day(bench.services.now)),
        ]
        try await bench.dynamoDB.put(key.merging(["gpu_ms": .n(599_999)]) { $1 }, into: bench.table)
        #expect(await submit(bench, token).status == 202)
        try await bench.dynamoDB.update(key, in: bench.table, [.set("gpu_ms", .n(600_000))])
        let refused = await submit(bench, token)
        #expect(refused.code == "QUOTA_EXCEEDED")
        #expect(refused.json?["error"]?["details"]?["gpu_seconds_used"] == 600)
    }

    /// Two at once do not both get the last picture.
    @Test func theLastPictureIsOnePersons() async throws {
        let bench = try await AccessBench.start()
        let user = User(id: "a-1", tier: .free)
        let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await bench.services.quotas.take(1, for: user, at: Self.day).charge != nil
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 10)
    }

    // What is given back.

    private static func ended(
        _ events: [JobEvent], startedAt: Bool = true,
        _ charge: Job.Charge? = .init(day: "2026-01-01", images: 2)
    ) throws -> Job {
        var job = Job(id: Job.ID(.v7(milliseconds: day.milliseconds)), user: "a-1", createdAt: day)
        job.charge = charge
        var policy = JobPolicy()
        policy.attempts = 1
        if startedAt {
            job = try job.transition(
                .claimed(.init(token: "t", worker: "w", slot: 0)), at: day, policy: policy
            ).job
            job = try job.transition(.submitted(promptID: "p", clientID: "c"), at: day, policy: policy).job
        }
        for event in events { job = try job.transition(event, at: day + .seconds(5), policy: policy).job }
        return job
    }

    @Test(arguments: Job.Failure.Code.allCases)
    func onlyAFailureThatIsNotTheUsersGivesBack(_ code: Job.Failure.Code) throws {
        let failed = try Self.ended([.failed(.init(code, "x"), outputs: [])])
        #expect(failed.charge?.isReturned == [.workerLost, .storageFailed].contains(code))
        let exhausted = try Self.ended([.attemptFailed(.init(code, "x"), delay: .zero)])
        #expect(exhausted.charge?.isReturned == [.workerLost, .storageFailed].contains(code))
    }

    @Test func whatNeverRanGivesBack() throws {
        #expect(try Self.ended([.waitedTooLong], startedAt: false).charge?.isReturned == true)
        #expect(try Self.ended([.cancelRequested], startedAt: false).charge?.isReturned == true)
        #expect(try Self.ended([.cancelRequested, .cancelled]).charge?.isReturned == false)
        #expect(try Self.ended([.completed([])]).charge?.isReturned == false)
        #expect(try Self.ended([.waitedTooLong], startedAt: false, nil).charge == nil)
    }

    @Test func whatWasDecidedAtTheEndStays() throws {
        let failed = try Self.ended([.failed(.init(.workerLost, "x"), outputs: [])])
        #expect(try failed.transition(.announced, at: Self.day).job.charge == failed.charge)
        #expect(try JobItem.decode(JobItem.encode(failed)) == failed)
    }

    @Test func aJobGivesBackOnceHoweverOftenItIsAnnounced() async throws {
        let bench = try await AccessBench.start()
        let quotas = bench.services.quotas
        let user = User(id: "a-1", tier: .free)
        for _ in 0..<2 { _ = try await quotas.take(2, for: user, at: Self.day) }
        let job = try Self.ended([.failed(.init(.workerLost, "x"), outputs: [])])
        for _ in 0..<3 { try await quotas.giveBack(job) }
        #expect(try await quotas.days(of: "a-1", since: Self.day)["2026-01-01"]?.images == 2)
        try await quotas.giveBack(try Self.ended([.completed([])]))
        #expect(try await quotas.days(of: "a-1", since: Self.day)["2026-01-01"]?.images == 2)
    }

    @Test func aCancelledJobsPictureIsThereAgain() async throws {
        let bench = try await AccessBench.start()
        let token = bench.foreignToken("alice")
        let id = try #require(await submit(bench, token, 4).json?["job_id"]?.string)
        #expect(try await used(bench, Self.id("alice")).images == 4)
        let cancelled = await bench.send(.post, "/v1/jobs/\(id)/cancel", token: token)
        #expect(cancelled.status == 200)
        #expect(try await used(bench, Self.id("alice")).images == 0)
        #expect(try await used(bench, Self.id("alice")).cancelled == 1)
    }

    @Test func usageTellsWhatIsLeft() async throws {
        let bench = try await AccessBench.start()
        let token = bench.foreignToken("alice")
        let id = try #require((await submit(bench, token, 3).json?["job_id"]?.string).flatMap { Job.ID($0) })
        try await bench.stack.complete(id, [])
        let done = try #require(try await bench.services.store.job(id))
        // Announced twice at once, counted once.
        let announcer = Announcer(services: bench.services)
        await announcer.announce(done)
        await announcer.announce(done)
        let usage = await bench.send(.get, "/v1/usage", token: token)
        #expect(usage.status == 200)
        #expect(usage.json?["tier"] == "free")
        #expect(usage.json?["images"] == ["used": 3, "limit": 10, "remaining": 7])
        #expect(usage.json?["gpu_seconds"]?["limit"] == 600)
        #expect(usage.json?["requests_per_minute"] == 60)
        #expect(usage.json?["executions_per_minute"] == 10)
        #expect(usage.json?["last_30_days"]?["images"] == 3)
        #expect(usage.json?["last_30_days"]?["jobs_completed"] == 1)
        #expect(usage.json?["resets_at"]?.string?.hasSuffix("T00:00:00.000Z") == true)
    }

    @Test func administratorsHaveNoLimit() async throws {
        let bench = try await AccessBench.start()
        let token = bench.foreignToken("root", tier: "admin")
        for _ in 0..<3 { #expect(await submit(bench, token, 4).status == 202) }
        let usage = await bench.send(.get, "/v1/usage", token: token)
        #expect(usage.json?["images"] == ["used": 12, "limit": nil, "remaining": nil])
        #expect(
            usage.json?["requests_per_minute"] == nil || usage.json?["requests_per_minute"]?.isNull == true)
    }

    @Test func withoutSigningInNothingIsCharged() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        #expect(try await stack.services.store.job(id)?.charge == nil)
        #expect(
            await stack.bench.get("/v1/usage").json?["images"] == ["used": 0, "limit": nil, "remaining": nil])
    }
}
