import HTTP
import Time

/// What a provider gave, kept until shortly before it expires. However many callers ask, one refresh is in flight;
/// while the old credentials hold, nobody waits for it, and its failure is no error.
final class CredentialCache: CredentialProvider {
    private typealias Outcome = Result<Credentials, AWSError>

    private struct State {
        var held: Credentials?
        /// From when on a refresh is due.
        var refreshAt: Timestamp?
        var isRefreshing = false
        var waiters: [Int: CheckedContinuation<Outcome, Never>] = [:]
        var lastWaiter = 0
    }

    /// How long before the expiry a refresh is due, less up to a fifth at random, so that a fleet does not ask at once.
    static let margin = Duration.seconds(300)
    /// After a refresh that failed while the old ones held.
    static let pause = Duration.seconds(30)

    private let provider: any CredentialProvider
    private let loop: EventLoop
    private let now: @Sendable () -> Timestamp
    private let random: @Sendable () -> Double
    private let state = Locked(State())

    init(
        _ provider: any CredentialProvider, loop: EventLoop, now: @escaping @Sendable () -> Timestamp,
        random: @escaping @Sendable () -> Double
    ) {
        self.provider = provider
        self.loop = loop
        self.now = now
        self.random = random
    }

    func credentials() async throws(AWSError) -> Credentials {
        if let held = usable() { return held }
        return try await wait().get()
    }

    /// The same, with an end to the waiting: `deadlineExceeded`.
    func credentials(within limit: Duration) async throws(AWSError) -> Credentials {
        if let held = usable() { return held }
        let outcome = try? await withDeadline(limit, on: loop) { [self] in await wait() }
        guard let outcome else {
            throw Task.isCancelled
                ? AWSError(code: .cancelled, message: "cancelled")
                : AWSError(code: .deadlineExceeded, message: "the credentials did not come in time")
        }
        return try outcome.get()
    }

    /// What a service called expired, whatever their own date says, is used no more. True when there are others now.
    func replace(_ expired: Credentials, within limit: Duration) async -> Bool {
        state.withLock { if $0.held == expired { $0.held = nil } }
        let others = try? await credentials(within: limit)
        return others.map { $0 != expired } ?? false
    }

    /// What is held, if it holds; begins a refresh when one is due.
    private func usable() -> Credentials? {
        let time = now()
        let (held, isDue) = state.withLock { state -> (Credentials?, Bool) in
            guard let held = state.held, time < held.expiration ?? Timestamp(milliseconds: .max) else {
                return (nil, false)
            }
            guard let due = state.refreshAt, time >= due, !state.isRefreshing else { return (held, false) }
            state.isRefreshing = true
            return (held, true)
        }
        if isDue { startRefresh() }
        return held
    }

    /// The outcome of the refresh in flight, or of one begun now.
    private func wait() async -> Outcome {
        let ticket = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (settled, mustStart) = state.withLock { state -> (Outcome?, Bool) in
                    if Task.isCancelled { return (Self.cancelled, false) }
                    // A refresh may have ended since the caller looked.
                    if let held = state.held, now() < held.expiration ?? Timestamp(milliseconds: .max) {
                        return (.success(held), false)
                    }
                    state.waiters[ticket] = continuation
                    defer { state.isRefreshing = true }
                    return (nil, !state.isRefreshing)
                }
                if let settled { continuation.resume(returning: settled) }
                if mustStart { startRefresh() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume(returning: Self.cancelled)
        }
    }

    private static let cancelled = Outcome.failure(AWSError(code: .cancelled, message: "cancelled"))

    /// In a task of its own: a caller that is cancelled, or whose invocation ends, must not take the refresh from the
    /// others.
    private func startRefresh() {
        CallContext.$current.withValue(nil) {
            _ = loop.task { [self] in
                do throws(AWSError) {
                    finish(.success(try await provider.credentials()))
                } catch {
                    finish(.failure(error))
                }
            }
        }
    }

    private func finish(_ outcome: Outcome) {
        let time = now()
        let margin = Self.margin * (1 - 0.2 * random())
        let waiters = state.withLock { state in
            state.isRefreshing = false
            switch outcome {
            case .success(let credentials):
                state.held = credentials
                state.refreshAt = credentials.expiration.map { expiration in
                    // Short-lived ones are not asked for again at every call.
                    max(expiration - margin, time + Self.pause)
                }
            case .failure:
                state.refreshAt = time + Self.pause
            }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }
}
