import HTTP
import Time

/// What a provider gave, kept until shortly before it expires. However many callers ask, one refresh is in flight;
/// while the old credentials hold, nobody waits for it, and its failure is no error.
final class CredentialCache: CredentialProvider {
    private struct State {
        var held: Credentials?
        /// From when on a refresh is due.
        var refreshAt: Timestamp?
        var refresh: Task<Result<Credentials, AWSError>, any Error>?
    }

    private enum Step {
        case use(Credentials)
        case wait(Task<Result<Credentials, AWSError>, any Error>)
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
        let time = now()
        let step = state.withLock { state -> Step in
            if let held = state.held, time < held.expiration ?? Timestamp(milliseconds: .max) {
                if let due = state.refreshAt, time >= due, state.refresh == nil {
                    state.refresh = startRefresh()
                }
                return .use(held)
            }
            if let refresh = state.refresh { return .wait(refresh) }
            let refresh = startRefresh()
            state.refresh = refresh
            return .wait(refresh)
        }
        switch step {
        case .use(let credentials):
            return credentials
        case .wait(let refresh):
            guard let result = try? await refresh.value else {
                throw AWSError(code: .noCredentials, message: "the refresh was cancelled")
            }
            return try result.get()
        }
    }

    /// What a service called expired, whatever their own date says, is used no more. True when there are others now.
    func replace(_ expired: Credentials) async -> Bool {
        state.withLock { if $0.held == expired { $0.held = nil } }
        let others = try? await credentials()
        return others.map { $0 != expired } ?? false
    }

    /// In a task of its own: a caller that is cancelled must not take the refresh from the others.
    private func startRefresh() -> Task<Result<Credentials, AWSError>, any Error> {
        loop.task { [self] in
            let result: Result<Credentials, AWSError>
            do throws(AWSError) {
                result = .success(try await provider.credentials())
            } catch {
                result = .failure(error)
            }
            finish(result)
            return result
        }
    }

    private func finish(_ result: Result<Credentials, AWSError>) {
        let time = now()
        let margin = Self.margin * (1 - 0.2 * random())
        state.withLock { state in
            state.refresh = nil
            switch result {
            case .success(let credentials):
                state.held = credentials
                state.refreshAt = credentials.expiration.map { expiration in
                    // Short-lived ones are not asked for again at every call.
                    max(expiration - margin, time + Self.pause)
                }
            case .failure:
                state.refreshAt = time + Self.pause
            }
        }
    }
}
