/// Deadlines in order: a binary heap. Cancelling forgets the action at once; its place in the heap goes when it is due,
/// or when such places are the majority, so that a program that cancels nearly all its timers does not grow.
struct TimerQueue {
    /// Names one timer of one queue.
    typealias ID = UInt64

    private struct Entry {
        let deadline: ContinuousClock.Instant
        let id: ID

        static func < (a: Entry, b: Entry) -> Bool {
            (a.deadline, a.id) < (b.deadline, b.id)
        }
    }

    private var heap: [Entry] = []
    private var actions: [ID: () -> Void] = [:]
    private var lastID: ID = 0

    var isEmpty: Bool { actions.isEmpty }

    /// Places in the heap, those of cancelled timers included.
    var placeCount: Int { heap.count }

    /// Runs `action` when `deadline` has come, equal deadlines in the order they were added.
    mutating func add(_ deadline: ContinuousClock.Instant, _ action: @escaping () -> Void) -> ID {
        lastID += 1
        actions[lastID] = action
        heap.append(Entry(deadline: deadline, id: lastID))
        siftUp(heap.count - 1)
        return lastID
    }

    mutating func cancel(_ id: ID) {
        guard actions.removeValue(forKey: id) != nil else { return }
        if heap.count > 64, heap.count > 2 * actions.count {
            heap = heap.filter { actions[$0.id] != nil }.sorted { $0 < $1 }
        }
    }

    /// The deadline that comes first; nil without timers.
    mutating func next() -> ContinuousClock.Instant? {
        while let first = heap.first {
            if actions[first.id] != nil { return first.deadline }
            removeFirst()
        }
        return nil
    }

    /// Takes the first action that is due; nil when none is.
    mutating func takeDue(_ now: ContinuousClock.Instant) -> (() -> Void)? {
        guard let deadline = next(), deadline <= now else { return nil }
        let id = heap[0].id
        removeFirst()
        return actions.removeValue(forKey: id)
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
