internal import Time

/// Spans of the current task. Outside of `Trace.root` nothing is recorded, and a span costs one look at a task-local value.
public enum Trace {
    /// What the current task's spans belong to.
    struct Current: Sendable {
        let buffer: SpanBuffer
        let context: TraceContext
        /// One moment on two clocks: durations are measured on the one that nobody sets.
        let anchor: (wall: Int64, instant: ContinuousClock.Instant)

        func nanoseconds(_ instant: ContinuousClock.Instant) -> Int64 {
            let elapsed = (instant - anchor.instant).components
            return anchor.wall + elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
        }

        func add(
            _ name: String, _ kind: Span.Kind, _ attributes: [String: String], as context: TraceContext,
            parent: UInt64?, from start: ContinuousClock.Instant, to end: ContinuousClock.Instant,
            hasFailed: Bool
        ) {
            buffer.add(
                Span(
                    context: context, parent: parent, name: name, kind: kind, start: nanoseconds(start),
                    end: nanoseconds(end), attributes: attributes, hasFailed: hasFailed))
        }

        func with(_ context: TraceContext) -> Current {
            Current(buffer: buffer, context: context, anchor: anchor)
        }
    }

    @TaskLocal static var current: Current?

    /// The span at work; nil where nothing is traced.
    public static var context: TraceContext? { current?.context }

    /// Runs `body` as a trace's first span here, recorded into `buffer`. `parent` is the caller's; without one the trace is new.
    public static func root<R>(
        _ name: String, _ kind: Span.Kind, into buffer: SpanBuffer, parent: TraceContext?,
        attributes: [String: String] = [:], _ body: () async -> R
    ) async -> R {
        let anchor = (wall: Timestamp.now.milliseconds * 1_000_000, instant: ContinuousClock.now)
        let base = Current(buffer: buffer, context: parent ?? .new(), anchor: anchor)
        return await run(name, kind, attributes, in: base, parent: parent?.spanID, body)
    }

    /// Runs `body` as a span under the current one, or under `parent` where that is said.
    public static func span<R, E: Error>(
        _ name: @autoclosure () -> String, _ kind: Span.Kind = .internal, parent: TraceContext? = nil,
        attributes: @autoclosure () -> [String: String] = [:], _ body: () async throws(E) -> R
    ) async throws(E) -> R {
        guard let current else { return try await body() }
        let base = parent.map(current.with) ?? current
        guard base.context.isSampled else { return try await body() }
        return try await run(name(), kind, attributes(), in: base, parent: base.context.spanID, body)
    }

    /// Adds a span that is over: under the current one.
    public static func record(
        _ name: @autoclosure () -> String, from start: ContinuousClock.Instant,
        to end: ContinuousClock.Instant = .now, attributes: @autoclosure () -> [String: String] = [:]
    ) {
        guard let current, current.context.isSampled else { return }
        current.add(
            name(), .internal, attributes(), as: current.context.child(), parent: current.context.spanID,
            from: start, to: end, hasFailed: false)
    }

    private static func run<R, E: Error>(
        _ name: String, _ kind: Span.Kind, _ attributes: [String: String], in base: Current, parent: UInt64?,
        _ body: () async throws(E) -> R
    ) async throws(E) -> R {
        let start = ContinuousClock.now
        let own = base.with(base.context.child())
        let result: Result<R, E> = await $current.withValue(own) {
            do throws(E) { return .success(try await body()) } catch { return .failure(error) }
        }
        var hasFailed = false
        if case .failure = result { hasFailed = true }
        if own.context.isSampled {
            own.add(
                name, kind, attributes, as: own.context, parent: parent, from: start, to: .now,
                hasFailed: hasFailed)
        }
        return try result.get()
    }
}
