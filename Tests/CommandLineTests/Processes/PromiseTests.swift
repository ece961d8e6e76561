import Testing

@testable import comfy_lambda

@Suite(.timeLimit(.minutes(1))) struct PromiseTests {
    @Test func theFirstValueStays() async throws {
        let promise = Promise<Int>()
        #expect(promise.current == nil)
        #expect(promise.fulfill(1))
        #expect(!promise.fulfill(2))
        #expect(promise.current == 1)
        #expect(try await promise.value() == 1)
    }

    @Test func everyWaiterGetsIt() async throws {
        let promise = Promise<Int>()
        async let first = promise.value()
        async let second = promise.value()
        await Task.yield()
        promise.fulfill(7)
        #expect(try await [first, second] == [7, 7])
    }

    @Test func aCancelledWaiterLeavesTheOthersAlone() async throws {
        let promise = Promise<Int>()
        let cancelled = Task { try await promise.value() }
        let waiting = Task { try await promise.value() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        promise.fulfill(3)
        #expect(try await waiting.value == 3)
    }
}
