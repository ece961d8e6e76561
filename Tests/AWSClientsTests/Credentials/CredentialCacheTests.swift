import HTTP
import Testing
import Time

@testable import AWSClients

/// Counts how often it is asked, and answers with the next of the results when let.
private actor Source: CredentialProvider {
    private(set) var asked = 0
    private var results: [Result<Credentials, AWSError>]
    private var isOpen: Bool
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ results: [Result<Credentials, AWSError>], isOpen: Bool = true) {
        self.results = results
        self.isOpen = isOpen
    }

    func open() {
        isOpen = true
        for waiter in waiting { waiter.resume() }
        waiting = []
    }

    func credentials() async throws(AWSError) -> Credentials {
        asked += 1
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
        if results.isEmpty { throw AWSError(code: .noCredentials, message: "no more") }
        return try results.removeFirst().get()
    }
}

@Suite(.timeLimit(.minutes(1))) struct CredentialCacheTests {
    private static let start = Timestamp(milliseconds: 1_700_000_000_000)
    private let time = Locked(Self.start)

    private func credentials(_ id: String, for duration: Duration?) -> Credentials {
        Credentials(accessKeyID: id, secretAccessKey: "s", expiration: duration.map { Self.start + $0 })
    }

    private func cache(_ source: Source) -> CredentialCache {
        CredentialCache(source, loop: TestLoop.loop, now: { [time] in time.withLock { $0 } }, random: { 0 })
    }

    @Test func oneRefreshServesAllWhoAsk() async throws {
        let source = Source([.success(credentials("a", for: .seconds(3600)))], isOpen: false)
        let cache = cache(source)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await cache.credentials().accessKeyID } }
            while await source.asked == 0 { await Task.yield() }
            await source.open()
            for try await id in group { #expect(id == "a") }
        }
        #expect(await source.asked == 1)
    }

    @Test func whoeverIsCancelledOrOutOfTimeLeavesTheRefreshToTheOthers() async throws {
        let source = Source([.success(credentials("a", for: .seconds(3600)))], isOpen: false)
        let cache = cache(source)
        let first = TestLoop.loop.task { try await cache.credentials() }
        while await source.asked == 0 { await Task.yield() }
        first.cancel()
        #expect(await #expect(throws: AWSError.self) { try await first.value }?.code == .cancelled)
        let late = await #expect(throws: AWSError.self) {
            try await cache.credentials(within: .milliseconds(10))
        }
        #expect(late?.code == .deadlineExceeded)
        #expect(late?.message == "the credentials did not come in time")
        let last = TestLoop.loop.task { try await cache.credentials(within: .seconds(50)) }
        await source.open()
        #expect(try await last.value.accessKeyID == "a")
        #expect(await source.asked == 1)
    }

    @Test func aRefreshBelongsToNoInvocation() async throws {
        struct Context: CredentialProvider {
            let seen: Locked<[Bool]>
            func credentials() async throws(AWSError) -> Credentials {
                seen.withLock { $0.append(CallContext.current == nil) }
                return Credentials(accessKeyID: "a", secretAccessKey: "s")
            }
        }
        let context = Context(seen: Locked([]))
        let cache = CredentialCache(context, loop: TestLoop.loop, now: { Self.start }, random: { 0 })
        _ = try await CallContext.$current.withValue(CallContext(deadline: .now)) {
            try await cache.credentials()
        }
        #expect(context.seen.withLock { $0 } == [true])
    }

    @Test func thoseWithoutExpiryAreKept() async throws {
        let source = Source([.success(credentials("a", for: nil))])
        let cache = cache(source)
        for _ in 0..<3 { #expect(try await cache.credentials().accessKeyID == "a") }
        time.withLock { $0 = $0 + .seconds(86_400 * 365) }
        #expect(try await cache.credentials().accessKeyID == "a")
        #expect(await source.asked == 1)
    }

    @Test func aheadOfExpiryNobodyWaits() async throws {
        let source = Source([
            .success(credentials("a", for: .seconds(3600))), .success(credentials("b", for: .seconds(7200))),
        ])
        let cache = cache(source)
        #expect(try await cache.credentials().accessKeyID == "a")
        time.withLock { $0 = $0 + .seconds(3600 - 301) }
        #expect(try await cache.credentials().accessKeyID == "a")
        #expect(await source.asked == 1)
        time.withLock { $0 = $0 + .seconds(2) }
        #expect(try await cache.credentials().accessKeyID == "a")
        while try await cache.credentials().accessKeyID == "a" { await Task.yield() }
        #expect(await source.asked == 2)
    }

    @Test func aFailedRefreshIsNoErrorWhileTheOldOnesHold() async throws {
        let failure = AWSError(code: .noCredentials, message: "down")
        let source = Source([
            .success(credentials("a", for: .seconds(3600))), .failure(failure), .failure(failure),
        ])
        let cache = cache(source)
        _ = try await cache.credentials()
        time.withLock { $0 = $0 + .seconds(3400) }
        #expect(try await cache.credentials().accessKeyID == "a")
        while await source.asked < 2 { await Task.yield() }
        // It is not asked again at once.
        for _ in 0..<5 { #expect(try await cache.credentials().accessKeyID == "a") }
        #expect(await source.asked == 2)
        time.withLock { $0 = $0 + .seconds(300) }
        let error = await #expect(throws: AWSError.self) { try await cache.credentials() }
        #expect(error?.message == "down")
    }
}
