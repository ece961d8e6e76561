import Testing

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct TransferGateTests {
    @Test func whoWaitedLongestIsNext() async throws {
        let gate = TransferGate(limit: 1)
        #expect(await gate.enter())
        let (turns, turn) = AsyncStream<Int>.makeStream()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<3 {
                group.addTask {
                    if await gate.enter() { turn.yield(number) }
                    await gate.leave()
                }
                while await gate.waiters <= number { await Task.yield() }
            }
            await gate.leave()
            await group.waitForAll()
        }
        turn.finish()
        var order: [Int] = []
        for await number in turns { order.append(number) }
        #expect(order == [0, 1, 2])
    }

    @Test func whoIsCancelledLeavesTheQueue() async throws {
        let gate = TransferGate(limit: 1)
        #expect(await gate.enter())
        let waiting = Task { await gate.enter() }
        while await gate.waiters == 0 { await Task.yield() }
        waiting.cancel()
        #expect(await !waiting.value)
        #expect(await gate.waiters == 0)
        await gate.leave()
        #expect(await gate.enter())
    }
}
