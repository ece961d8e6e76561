/// The result of `body`, or throws `DeadlineExceeded` after `duration` on the loop's timer; the loser is cancelled.
/// Both run on the loop. Returns when both have ended: a body that ignores its cancellation delays the error.
public func withDeadline<T: Sendable>(
    _ duration: Duration, on loop: EventLoop, _ body: @escaping @Sendable () async throws -> T
) async throws -> T {
    try await withThrowingTaskGroup(of: T.self) { group in
        group.addTask(executorPreference: loop) { try await body() }
        group.addTask(executorPreference: loop) {
            try await loop.sleep(for: duration)
            throw DeadlineExceeded()
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}

/// `withDeadline`'s time ran out.
public struct DeadlineExceeded: Error, Sendable {
    /// The error of a deadline that has passed.
    public init() {}
}
