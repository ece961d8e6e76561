@testable import HTTP
import Testing

@Suite struct TimerQueueTests {
    private let start = ContinuousClock.now

    private func fired(_ queue: inout TimerQueue, at seconds: Int) -> Int {
        var count = 0
        while let action = queue.takeDue(start.advanced(by: .seconds(seconds))) {
            action()
            count += 1
        }
        return count
    }

    @Test func dueTimersComeInOrder() {
        final class Log { var entries: [Int] = [] }
        let log = Log()
        var queue = TimerQueue()
        for seconds in [5, 1, 4, 1, 3, 9, 2] {
            _ = queue.add(start.advanced(by: .seconds(seconds))) { log.entries.append(seconds) }
        }
        #expect(queue.next() == start.advanced(by: .seconds(1)))
        #expect(fired(&queue, at: 0) == 0)
        #expect(fired(&queue, at: 4) == 5)
        #expect(log.entries == [1, 1, 2, 3, 4])
        #expect(fired(&queue, at: 10) == 2)
        #expect(queue.isEmpty)
        #expect(queue.next() == nil)
    }

    @Test func aCancelledTimerDoesNotFire() {
        var queue = TimerQueue()
        let id = queue.add(start) { Issue.record("it was cancelled") }
        _ = queue.add(start.advanced(by: .seconds(1))) {}
        queue.cancel(id)
        queue.cancel(id)
        #expect(queue.next() == start.advanced(by: .seconds(1)))
        #expect(fired(&queue, at: 1) == 1)
    }

    @Test func cancelledTimersLeaveNoHeapBehind() {
        var queue = TimerQueue()
        for _ in 0..<10_000 { queue.cancel(queue.add(start.advanced(by: .seconds(60))) {}) }
        #expect(queue.placeCount < 200)
        #expect(queue.isEmpty)
    }
}
