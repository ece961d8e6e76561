import HTTP

/// Values of a service by their names, each kept for a time. However many callers ask for one, one fetch is in flight;
/// where a new one fails for a reason that may pass, or is slow, the old value holds a little longer.
final class ValueCache<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, AWSError>
    typealias Fetch = @Sendable () async throws(AWSError) -> Value

    private struct Entry {
        var value: Value?
        /// By the client's `elapsed`.
        var staleAt: Duration = .zero
        var isFetching = false
        var waiters: [Int: CheckedContinuation<Outcome, Never>] = [:]
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var lastWaiter = 0
    }

    /// Before the next try, after a fetch that failed while there is an old value.
    static var pause: Duration { .seconds(5) }

    private let client: AWSClient
    private let lifetime: Duration
    private let patience: Duration
    private let state = Locked(State())

    /// `patience` is how long a caller waits for a new value where there is an old one.
    init(_ client: AWSClient, lifetime: Duration, patience: Duration = .seconds(2)) {
        self.client = client
        self.lifetime = lifetime
        self.patience = patience
    }

    /// The value, fetched when it is none or stale. Throws what the fetch threw, `cancelled`, or `deadlineExceeded`
    /// where the caller's invocation ends before.
    func value(of name: String, fetch: @escaping Fetch) async throws(AWSError) -> Value {
        let time = client.clock.elapsed()
        let entry = state.withLock { $0.entries[name] }
        if let value = entry?.value, time < entry?.staleAt ?? .zero { return value }
        let left = client.clock.timeLeft().map { $0 - TimeLimit.margin } ?? client.configuration.callTimeout
        let limit = entry?.value == nil ? left : min(left, patience)
        let outcome = try? await withDeadline(limit, on: client.http.loop) { [self] in
            await wait(for: name, fetch)
        }
        if let outcome { return try outcome.get() }
        if let old = entry?.value { return old }
        throw Task.isCancelled
            ? AWSError(code: .cancelled, message: "cancelled")
            : AWSError(code: .deadlineExceeded, message: "\(name) did not come in time")
    }

    /// The outcome of the fetch in flight, or of one begun now. Leaves at once when cancelled.
    private func wait(for name: String, _ fetch: @escaping Fetch) async -> Outcome {
        let ticket = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let cancelled = Outcome.failure(AWSError(code: .cancelled, message: "cancelled"))
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let time = client.clock.elapsed()
                let (settled, mustStart) = state.withLock { state -> (Outcome?, Bool) in
                    if Task.isCancelled { return (cancelled, false) }
                    var entry = state.entries[name] ?? Entry()
                    // A fetch may have ended since the caller looked.
                    if let value = entry.value, time < entry.staleAt { return (.success(value), false) }
                    let mustStart = !entry.isFetching
                    entry.isFetching = true
                    entry.waiters[ticket] = continuation
                    state.entries[name] = entry
                    return (nil, mustStart)
                }
                if let settled { continuation.resume(returning: settled) }
                if mustStart { start(name, fetch) }
            }
        } onCancel: {
            state.withLock { $0.entries[name]?.waiters.removeValue(forKey: ticket) }?
                .resume(returning: cancelled)
        }
    }

    /// In a task of its own: a caller that is cancelled, or whose invocation ends, must not take the value from the
    /// others.
    private func start(_ name: String, _ fetch: @escaping Fetch) {
        CallContext.$current.withValue(nil) {
            _ = client.http.loop.task { [self] in
                do throws(AWSError) {
                    finish(name, .success(try await fetch()))
                } catch {
                    finish(name, .failure(error))
                }
            }
        }
    }

    private func finish(_ name: String, _ fetched: Outcome) {
        let time = client.clock.elapsed()
        let (outcome, waiters) = state.withLock { state -> (Outcome, [CheckedContinuation<Outcome, Never>]) in
            let waiters = Array((state.entries[name]?.waiters ?? [:]).values)
            switch fetched {
            case .success(let value):
                state.entries[name] = Entry(value: value, staleAt: time + lifetime)
                return (fetched, waiters)
            case .failure(let error):
                guard let old = state.entries[name]?.value, RetryPolicy.verdict(for: error) != .never else {
                    state.entries[name] = nil
                    return (fetched, waiters)
                }
                state.entries[name] = Entry(value: old, staleAt: time + Self.pause)
                return (.success(old), waiters)
            }
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }
}
