/// A task that waits for one event of a loop: resumed once, by the event or by cancellation, whichever is first.
/// Used on the loop's thread only, which is why it may say that it is `Sendable`.
final class Suspension: @unchecked Sendable {
    private var continuation: CheckedContinuation<Void, any Error>?
    private var isOver = false
    /// Takes the event's registration back when cancellation wins.
    var withdraw: (() -> Void)?

    /// False when the task was cancelled before it began to wait; it is resumed then.
    func begin(_ continuation: CheckedContinuation<Void, any Error>) -> Bool {
        if isOver {
            continuation.resume(throwing: CancellationError())
            return false
        }
        self.continuation = continuation
        return true
    }

    func resume() { end(with: .success(())) }

    func fail(_ error: any Error) { end(with: .failure(error)) }

    func cancel() {
        withdraw?()
        end(with: .failure(CancellationError()))
    }

    private func end(with result: Result<Void, any Error>) {
        isOver = true
        withdraw = nil
        continuation?.resume(with: result)
        continuation = nil
    }
}

extension EventLoop {
    /// Suspends the calling task, wherever it runs, until the event that `arm` registers on the loop's thread.
    func suspend(_ arm: @escaping @Sendable (Suspension) -> Void) async throws {
        let suspension = Suspension()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                perform {
                    if suspension.begin(continuation) { arm(suspension) }
                }
            }
        } onCancel: {
            perform { suspension.cancel() }
        }
    }
}
