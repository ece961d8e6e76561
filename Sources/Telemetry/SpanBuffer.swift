internal import Synchronization

/// Spans that nobody has fetched yet. Full, it drops what comes: a trace must not cost the memory of what it tells of.
public final class SpanBuffer: Sendable {
    private struct State {
        var spans: [Span] = []
        var dropped = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// Holds at most `limit` spans.
    public init(limit: Int = 2048) { self.limit = limit }

    func add(_ span: Span) {
        state.withLock { state in
            if state.spans.count < limit { state.spans.append(span) } else { state.dropped += 1 }
        }
    }

    /// Takes all of them out, and tells how many found no room since the last time.
    public func take() -> (spans: [Span], dropped: Int) {
        state.withLock { state in
            defer { state = State() }
            return (state.spans, state.dropped)
        }
    }
}
