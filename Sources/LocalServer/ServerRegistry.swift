import Synchronization

/// The exchanges of a server whose connections are suspended. One lock for the whole server, so that no connection is
/// suspended after `close` has resumed the others.
final class ServerRegistry: Sendable {
    private struct State {
        var suspended: [ObjectIdentifier: ServerExchange] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Runs `suspend` and notes the exchange; false, without running it, when the server has stopped.
    func suspend(_ exchange: ServerExchange, _ suspend: () -> Void) -> Bool {
        state.withLock { state in
            if state.isClosed { return false }
            state.suspended[ObjectIdentifier(exchange)] = exchange
            suspend()
            return true
        }
    }

    /// Runs `resume` when the exchange is suspended: of several that want to resume it, one does.
    func resume(_ exchange: ServerExchange, _ resume: () -> Void) -> Bool {
        state.withLock { state in
            guard state.suspended.removeValue(forKey: ObjectIdentifier(exchange)) != nil else { return false }
            resume()
            return true
        }
    }

    /// Nothing is suspended from now on. Gives what is, or nil when it was closed before.
    func close() -> [ServerExchange]? {
        state.withLock { state in
            if state.isClosed { return nil }
            state.isClosed = true
            return Array(state.suspended.values)
        }
    }
}
