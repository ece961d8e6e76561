import HTTP

/// Values of a service by their names, each kept for a time. However many callers ask for one, one fetch is in flight;
/// where a new one fails for a reason that may pass, the old value holds a little longer.
final class ValueCache<Value: Sendable>: Sendable {
    private typealias Fetch = Task<Result<Value, AWSError>, any Error>

    private struct Entry {
        var value: Value?
        var fetch: Fetch?
        /// By the client's `elapsed`.
        var staleAt: Duration = .zero
    }

    private enum Step {
        case use(Value)
        case wait(Fetch)
    }

    /// Before the next try, after a fetch that failed while there is an old value.
    static var pause: Duration { .seconds(5) }

    private let client: AWSClient
    private let lifetime: Duration
    private let entries = Locked<[String: Entry]>([:])

    init(_ client: AWSClient, lifetime: Duration) {
        self.client = client
        self.lifetime = lifetime
    }

    func value(
        of name: String, fetch: @escaping @Sendable () async throws(AWSError) -> Value
    ) async throws(AWSError) -> Value {
        let time = client.clock.elapsed()
        let step = entries.withLock { entries -> Step in
            let entry = entries[name] ?? Entry()
            if let value = entry.value, time < entry.staleAt { return .use(value) }
            if let fetch = entry.fetch { return .wait(fetch) }
            let task = start(name, fetch)
            entries[name, default: Entry()].fetch = task
            return .wait(task)
        }
        switch step {
        case .use(let value): return value
        case .wait(let fetch):
            guard let result = try? await fetch.value else {
                throw AWSError(code: .cancelled, message: "the fetch was cancelled")
            }
            return try result.get()
        }
    }

    /// In a task of its own: a caller that is cancelled must not take the value from the others.
    private func start(_ name: String, _ fetch: @escaping @Sendable () async throws(AWSError) -> Value)
        -> Fetch
    {
        client.http.loop.task { [self] in
            let result: Result<Value, AWSError>
            do throws(AWSError) {
                result = .success(try await fetch())
            } catch {
                result = .failure(error)
            }
            return finish(name, result)
        }
    }

    private func finish(_ name: String, _ result: Result<Value, AWSError>) -> Result<Value, AWSError> {
        let time = client.clock.elapsed()
        return entries.withLock { entries in
            let old = entries[name]?.value
            switch result {
            case .success(let value):
                entries[name] = Entry(value: value, staleAt: time + lifetime)
                return result
            case .failure(let error):
                guard let old, RetryPolicy.verdict(for: error) != .never else {
                    entries[name] = nil
                    return result
                }
                entries[name] = Entry(value: old, staleAt: time + Self.pause)
                return .success(old)
            }
        }
    }
}
