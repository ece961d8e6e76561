extension EventLoop {
    /// One timer of a loop.
    ///
    /// `@unchecked Sendable`: used on the loop's thread only.
    public final class TimerID: @unchecked Sendable {
        let deadline: ContinuousClock.Instant
        /// Of equal deadlines the timer that was added first is due first.
        fileprivate let number: UInt64
        /// nil once it has fired or was cancelled.
        fileprivate var action: (() -> Void)?

        fileprivate init(
            _ deadline: ContinuousClock.Instant, _ number: UInt64, _ action: @escaping () -> Void
        ) {
            self.deadline = deadline
            self.number = number
            self.action = action
        }

        fileprivate static func < (a: TimerID, b: TimerID) -> Bool {
            (a.deadline, a.number) < (b.deadline, b.number)
        }
    }
}

/// Deadlines in order: a binary heap. Cancelling forgets the action at once; its place in the heap goes when it is due,
/// or when such places are the majority, so that a program that cancels nearly all its timers does not grow.
struct TimerQueue {
    /// One timer of one queue.
    typealias ID = EventLoop.TimerID

    private var heap: [ID] = []
    /// Those in the heap that have not been cancelled.
    private var count = 0
    private var lastNumber: UInt64 = 0

    var isEmpty: Bool { count == 0 }

    /// Places in the heap, those of cancelled timers included.
    var placeCount: Int { heap.count }

    /// Runs `action` when `deadline` has come, equal deadlines in the order they were added.
    mutating func add(_ deadline: ContinuousClock.Instant, _ action: @escaping () -> Void) -> ID {
        lastNumber += 1
        count += 1
        let timer = ID(deadline, lastNumber, action)
        heap.append(timer)
        siftUp(heap.count - 1)
        return timer
    }

    mutating func cancel(_ timer: ID) {
        guard timer.action != nil else { return }
        timer.action = nil
        count -= 1
        if heap.count > 64, heap.count > 2 * count {
            heap = heap.filter { $0.action != nil }.sorted { $0 < $1 }
        }
    }

    /// The deadline that comes first; nil without timers.
    mutating func next() -> ContinuousClock.Instant? {
        while let first = heap.first {
            if first.action != nil { return first.deadline }
            removeFirst()
        }
        return nil
    }

    /// Takes the first action that is due; nil when none is.
    mutating func takeDue(_ now: ContinuousClock.Instant) -> (() -> Void)? {
        guard let deadline = next(), deadline <= now else { return nil }
        let timer = heap[0]
        removeFirst()
        count -= 1
        defer { timer.action = nil }
        return timer.action
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown()
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0, heap[index] < heap[(index - 1) / 2] {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child] < heap[least]
            {
                least = child
            }
            if least == index { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
