/// How many large outputs are on their way in this process at once. Each takes the memory of two parts of an upload, and
/// a process that watches ten jobs must not need it forty times.
actor TransferGate {
    private var free: Int
    private var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    private var lastID = 0

    /// `limit` at once.
    init(limit: Int) { free = limit }

    /// Waits for a place, first come, first served. False when the task is cancelled: there is none then.
    func enter() async -> Bool {
        if free > 0 {
            free -= 1
            return true
        }
        lastID += 1
        let id = lastID
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: false) }
                waiting.append((id, continuation))
            }
        } onCancel: {
            Task { await withdraw(id) }
        }
    }

    /// Gives a place back, to whoever has waited longest.
    func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().continuation.resume(returning: true) }
    }

    /// How many wait.
    var waiters: Int { waiting.count }

    private func withdraw(_ id: Int) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
    }
}
