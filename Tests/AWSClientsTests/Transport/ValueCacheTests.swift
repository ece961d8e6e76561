import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct ValueCacheTests {
    /// What the source says now, and how often it was asked.
    private final class Source: Sendable {
        private let state = Locked((answer: Result<String, AWSError>.success("one"), count: 0))
        var count: Int { state.withLock { $0.count } }
        func say(_ answer: Result<String, AWSError>) { state.withLock { $0.answer = answer } }
        @Sendable func fetch() async throws(AWSError) -> String {
            try state.withLock { state in
                state.count += 1
                return state.answer
            }.get()
        }
    }

    private let clock = FakeClock()
    private let source = Source()

    private func cache(patience: Duration = .seconds(2)) throws -> ValueCache<String> {
        let client = AWSClient(
            http: TestLoop.http, configuration: try .init(region: "eu-west-1"),
            credentials: StrictServer.credentials, clock: clock.clock)
        return ValueCache(client, lifetime: .seconds(60), patience: patience)
    }

    private func pass(_ duration: Duration) async throws { try await clock.clock.sleep(duration) }

    @Test func aValueIsKeptForItsLifetime() async throws {
        let cache = try cache()
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "one")
        source.say(.success("two"))
        try await pass(.seconds(59))
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "one")
        #expect(source.count == 1)
        try await pass(.seconds(1))
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "two")
        #expect(try await cache.value(of: "b", fetch: source.fetch) == "two")
        #expect(source.count == 3)
    }

    @Test func manyCallersCauseOneFetch() async throws {
        let cache = try cache()
        let gate = Locked<[CheckedContinuation<Void, Never>]>([])
        let count = Locked(0)
        let values = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    try await cache.value(of: "a") { () throws(AWSError) in
                        count.withLock { $0 += 1 }
                        await withCheckedContinuation { waiting in gate.withLock { $0.append(waiting) } }
                        return "one"
                    }
                }
            }
            while gate.withLock({ $0.isEmpty }) { await Task.yield() }
            gate.withLock { $0.forEach { $0.resume() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(values == [String](repeating: "one", count: 10))
        #expect(count.withLock { $0 } == 1)
    }

    @Test func theOldValueHoldsWhileTheServiceIsAway() async throws {
        let cache = try cache()
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "one")
        source.say(.failure(AWSError(code: .unknown, message: "down", status: 503)))
        try await pass(.seconds(61))
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "one")
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "one")
        #expect(source.count == 2)
        source.say(.success("two"))
        try await pass(.seconds(5))
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "two")
    }

    @Test func theOldValueIsGivenWhereTheNewOneIsSlow() async throws {
        let cache = try cache(patience: .zero)
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "one")
        try await pass(.seconds(60))
        let gate = Locked<CheckedContinuation<Void, Never>?>(nil)
        let slow: ValueCache<String>.Fetch = { () throws(AWSError) in
            await withCheckedContinuation { waiting in gate.withLock { $0 = waiting } }
            return "two"
        }
        #expect(try await cache.value(of: "a", fetch: slow) == "one")
        while gate.withLock({ $0 == nil }) { await Task.yield() }
        gate.withLock { $0?.resume() }
        while try await cache.value(of: "a", fetch: source.fetch) == "one" { await Task.yield() }
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "two")
        #expect(source.count == 1)
    }

    @Test func aCallerThatIsCancelledLeavesTheFetchToTheOthers() async throws {
        let cache = try cache()
        let gate = Locked<CheckedContinuation<Void, Never>?>(nil)
        let slow: ValueCache<String>.Fetch = { () throws(AWSError) in
            await withCheckedContinuation { waiting in gate.withLock { $0 = waiting } }
            return "one"
        }
        let first = Task { try await cache.value(of: "a", fetch: slow) }
        while gate.withLock({ $0 == nil }) { await Task.yield() }
        first.cancel()
        let error = await #expect(throws: AWSError.self) { try await first.value }
        #expect(error?.code == .cancelled)
        async let second = cache.value(of: "a", fetch: slow)
        gate.withLock { $0?.resume() }
        #expect(try await second == "one")
    }

    @Test func whatIsGoneOrForbiddenIsNoLongerGiven() async throws {
        let cache = try cache()
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "one")
        let denied = AWSError(code: .init(rawValue: "AccessDeniedException"), message: "", status: 400)
        source.say(.failure(denied))
        try await pass(.seconds(61))
        let error = await #expect(throws: AWSError.self) {
            try await cache.value(of: "a", fetch: source.fetch)
        }
        #expect(error?.code == denied.code)
        source.say(.failure(AWSError(code: .unknown, message: "down", status: 503)))
        await #expect(throws: AWSError.self) { try await cache.value(of: "a", fetch: source.fetch) }
    }

    @Test func aFirstFetchThatFailsIsAnErrorAndIsTriedAgain() async throws {
        let cache = try cache()
        source.say(.failure(AWSError(code: .unknown, message: "down", status: 503)))
        await #expect(throws: AWSError.self) { try await cache.value(of: "a", fetch: source.fetch) }
        source.say(.success("one"))
        #expect(try await cache.value(of: "a", fetch: source.fetch) == "one")
    }
}
