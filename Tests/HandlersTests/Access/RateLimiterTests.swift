import AWSClients
import Crypto
import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(2)))
struct RateLimiterTests {
    private func limiter(
        _ bench: AccessBench, _ clock: SetClock, _ failure: AccessConfiguration.CounterFailure = .closed
    ) -> RateLimiter {
        RateLimiter(
            Counters(dynamoDB: bench.dynamoDB, table: bench.table), failure, clock: { clock.now })
    }

    private static let minute = Timestamp(milliseconds: 1_767_225_600_000)

    @Test(arguments: [(Tier.free, 60, 10), (.pro, 600, 100)])
    func aTierHasItsRequestsAMinute(_ tier: Tier, _ requests: Int, _ executions: Int) async throws {
        let bench = try await AccessBench.start()
        let clock = SetClock(Self.minute + .seconds(13))
        let limiter = limiter(bench, clock)
        let user = User(id: "a-1", tier: tier)
        let key: Item = [
            "pk": .s("LIMIT#USER#a-1"), "sk": .s("\(Self.minute.seconds)"),
            "requests": .n(requests - 3), "executions": .n(executions - 1),
        ]
        try await bench.dynamoDB.put(key, into: bench.table)
        let first = try await limiter.count(user, isExecution: false)
        #expect(first["X-RateLimit-Limit"] == "\(requests)")
        #expect(first["X-RateLimit-Remaining"] == "2")
        #expect(first["X-RateLimit-Reset"] == "\(Self.minute.seconds + 60)")
        // The limit that is nearest is the one that is told.
        let execution = try await limiter.count(user, isExecution: true)
        #expect(execution["X-RateLimit-Limit"] == "\(executions)")
        #expect(execution["X-RateLimit-Remaining"] == "0")
        let refused = await #expect(throws: APIError.self) {
            try await limiter.count(user, isExecution: true)
        }
        #expect(refused?.code == .rateLimited)
        #expect(refused?.headers["Retry-After"] == "47")
        #expect(refused?.headers["X-RateLimit-Remaining"] == "0")
        // What was refused was not counted, and other requests go on.
        _ = try await limiter.count(user, isExecution: false)
        await #expect(throws: APIError.self) { try await limiter.count(user, isExecution: false) }
        #expect(
            try await bench.dynamoDB.get(key.filter { $0.key.count == 2 }, from: bench.table)?["requests"]?
                .int == requests)
        clock.pass(.seconds(47))
        _ = try await limiter.count(user, isExecution: true)
    }

    /// Whoever goes on after the last execution of a minute is refused without a call to the table.
    @Test func whatIsSpentIsRememberedOfEachCounter() async throws {
        let bench = try await AccessBench.start()
        let clock = SetClock(Self.minute)
        let limiter = limiter(bench, clock)
        let user = User(id: "a-1", tier: .free)
        let key: Item = ["pk": .s("LIMIT#USER#a-1"), "sk": .s("\(Self.minute.seconds)")]
        try await bench.dynamoDB.put(key.merging(["executions": .n(10)]) { $1 }, into: bench.table)
        await #expect(throws: APIError.self) { try await limiter.count(user, isExecution: true) }
        // The table would let it through now; nobody asks it.
        try await bench.dynamoDB.delete(key, from: bench.table)
        let refused = await #expect(throws: APIError.self) {
            try await limiter.count(user, isExecution: true)
        }
        #expect(refused?.headers["X-RateLimit-Limit"] == "10")
        #expect(refused?.headers["Retry-After"] == "60")
        #expect(try await limiter.count(user, isExecution: false)["X-RateLimit-Remaining"] == "59")
        clock.pass(.seconds(60))
        _ = try await limiter.count(user, isExecution: true)
    }

    @Test func administratorsAreNotCounted() async throws {
        let bench = try await AccessBench.start()
        let headers = try await limiter(bench, SetClock(Self.minute)).count(
            User(id: "a-1", tier: .admin), isExecution: true)
        #expect(headers["X-RateLimit-Limit"] == nil)
        #expect(!(try await bench.wholeTable()).contains("LIMIT#"))
    }

    @Test func aKeyMayHaveLess() async throws {
        let bench = try await AccessBench.start()
        let limiter = limiter(bench, SetClock(Self.minute))
        for tier in [Tier.free, .admin] {
            let id = UUID.v4()
            let user = User(id: "a-\(tier)", tier: tier, credential: .key(id: id, requestsPerMinute: 2))
            let headers = try await limiter.count(user, isExecution: false)
            #expect(headers["X-RateLimit-Limit"] == "2")
            #expect(headers["X-RateLimit-Remaining"] == "1")
            _ = try await limiter.count(user, isExecution: false)
            await #expect(throws: APIError.self) { try await limiter.count(user, isExecution: false) }
            // The owner's other keys go on.
            let other = User(id: "a-\(tier)", tier: tier, credential: .key(id: .v4(), requestsPerMinute: 2))
            _ = try await limiter.count(other, isExecution: false)
        }
    }

    /// Nobody's limit is passed by asking at once.
    @Test func counterStepsAreTakenOneByOne() async throws {
        let bench = try await AccessBench.start()
        let limiter = limiter(bench, SetClock(Self.minute))
        let user = User(id: "a-1", tier: .free)
        let passed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<30 {
                group.addTask { (try? await limiter.count(user, isExecution: true)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(passed == 10)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "20010db800010002::"),
        ("2001:db8:1:2::9", "20010db800010002::"), ("::1", "0000000000000000::"), ("x", "x"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        (nil, "unknown"),
    ])
    func anIPv6NetworkIsOneAddress(_ address: String?, _ subject: String) {
        #expect(RateLimiter.subject(address) == subject)
    }

    @Test func aFailingStoreClosesOrOpens() async throws {
        let services = try APIBench.offline(on: testLoop).services
        let counters = Counters(dynamoDB: services.store.dynamoDB, table: "none")
        let user = User(id: "a-1", tier: .free)
        let closed = RateLimiter(counters, .closed, clock: { Self.minute })
        let error = await #expect(throws: APIError.self) { try await closed.count(user, isExecution: false) }
        #expect(error?.code == .serviceUnavailable)
        let open = RateLimiter(counters, .open, clock: { Self.minute })
        #expect(try await open.count(user, isExecution: false)["X-RateLimit-Limit"] == nil)
    }

    @Test func theAnswerTellsWhatIsLeft() async throws {
        let bench = try await AccessBench.start()
        let token = bench.foreignToken("alice", tier: "pro")
        let answer = await bench.send(.get, "/v1/jobs", token: token)
        #expect(answer.status == 200)
        #expect(answer.headers["X-RateLimit-Limit"] == "600")
        #expect(answer.headers["X-RateLimit-Remaining"] == "599")
        let id = User(issuer: TokenWorkshop.issuer, subject: "alice").id
        try await bench.setCounters("USER#\(id)", ["requests": 600])
        let refused = await bench.send(.get, "/v1/jobs", token: token)
        #expect(refused.status == 429)
        #expect(refused.code == "RATE_LIMITED")
        #expect(refused.headers["Retry-After"] != nil)
        #expect(refused.headers["X-RateLimit-Limit"] == "600")
    }

    @Test func anAddressThatOnlyGuessesIsStopped() async throws {
        let bench = try await AccessBench.start()
        try await bench.setCounters("ADDRESS#refusal#192.0.2.9", ["requests": 60])
        #expect(await bench.send(.get, "/v1/jobs", from: "192.0.2.9").status == 429)
        #expect(await bench.send(.get, "/v1/jobs", from: "192.0.2.10").status == 401)
        // Whoever signs in is somebody.
        #expect(
            await bench.send(.get, "/v1/jobs", token: bench.foreignToken("alice"), from: "192.0.2.9").status
                == 200)
        try await bench.setCounters("ADDRESS#sign_in#192.0.2.9", ["requests": 20])
        let refused = await bench.send(
            .post, "/v1/auth/refresh", ["refresh_token": "x"], from: "192.0.2.9")
        #expect(refused.status == 429)
        // What is over the limit costs no entry in the audit log either.
        #expect(!(try await bench.wholeTable()).contains("AUDIT#"))
        #expect(await bench.send(.get, "/health", from: "192.0.2.9").status == 200)
    }
}
