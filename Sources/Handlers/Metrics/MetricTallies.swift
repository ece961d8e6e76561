import AWSClients
import HTTP
import JSON
import Synchronization
import Telemetry

/// What this process has counted and not yet written to the table.
///
/// An environment between two invocations is frozen, so that no timer writes: whoever ends an invocation, or a job, calls `flushIfDue`
/// before the answer. What a frozen environment still holds is written by its next invocation, or lost with it.
final class MetricTallies: Sendable {
    private struct State {
        var tallies: [MetricSeries: MetricTally] = [:]
        var lastFlush: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let interval: Duration

    /// More series than the labels can make; a fault of ours must not fill the memory.
    private static let maximumSeries = 2000

    /// `interval` zero: nothing is counted.
    init(interval: Duration) { self.interval = interval }

    var isOn: Bool { interval > .zero }

    /// Counts something.
    func count(_ family: MetricFamily, _ values: String..., by amount: Int = 1) {
        change(family, values) { $0.count += amount }
    }

    /// Adds a value to a histogram.
    func observe(_ family: MetricFamily, _ values: String..., value: Double) {
        change(family, values) { $0.observe(value, in: family) }
    }

    private func change(_ family: MetricFamily, _ values: [String], _ body: (inout MetricTally) -> Void) {
        guard isOn else { return }
        precondition(values.count == family.labels.count)
        let series = MetricSeries(family: family.name, values: values)
        state.withLock { state in
            guard state.tallies[series] != nil || state.tallies.count < Self.maximumSeries else { return }
            body(&state.tallies[series, default: MetricTally()])
        }
    }

    /// What there is to write, when the last time is long enough ago; taken out.
    func takeDue(at now: ContinuousClock.Instant = .now) -> [MetricSeries: MetricTally] {
        state.withLock { state in
            if state.tallies.isEmpty { return [:] }
            if let last = state.lastFlush, now - last < interval { return [:] }
            defer { (state.tallies, state.lastFlush) = ([:], now) }
            return state.tallies
        }
    }

    /// For what could not be written.
    func putBack(_ tallies: [MetricSeries: MetricTally]) {
        state.withLock { state in
            for (series, tally) in tallies { state.tallies[series, default: MetricTally()] += tally }
        }
    }
}
