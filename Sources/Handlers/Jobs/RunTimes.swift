import AWSClients
import Synchronization
import Time

/// How long workflows of a shape took of late: a counter of runs and their time for each shape and day, in UTC.
///
/// All jobs of a shape count in one item, so each environment adds what it has seen every `interval` at most. What it has not written when
/// it ends is lost, and the mean hardly changes for it.
struct RunTimes: Sendable {
    let counters: Counters
    private let pending = PendingRuns()

    /// How long a day's count is remembered.
    private static let memory: Duration = .seconds(30 * 86_400)
    /// The mean is of the last days on which there were any.
    private static let days = 3

    /// Counts a job that was completed at its first attempt: what was tried twice took longer than its work.
    func add(_ job: Job, at instant: ContinuousClock.Instant = .now) async throws(AWSError) {
        guard job.state == .completed, let shape = job.shape, let begin = job.startedAt,
            let end = job.completedAt,
            job.hasParts || job.attempts.count == 1
        else { return }
        let key = PendingRuns.Key(shape: shape, day: QuotaStore.day(end))
        let run = PendingRuns.Tally(runs: 1, milliseconds: max(0, Int((end - begin).milliseconds)))
        var failure: AWSError?
        for (key, tally) in pending.add(run, to: key, at: instant) {
            do {
                _ = try await counters.add(
                    [
                        .init(name: "runs", amount: tally.runs, limit: nil),
                        .init(name: "run_ms", amount: tally.milliseconds, limit: nil),
                    ], to: ["pk": .s(Self.partition(key.shape)), "sk": .s(key.day)],
                    expires: end + Self.memory)
            } catch {
                pending.putBack(tally, to: key)
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// nil without any run that is remembered.
    func mean(of shape: String) async throws(AWSError) -> Duration? {
        var query = DynamoDB.Query(
            table: counters.table, where: .equals("pk", .s(Self.partition(shape))))
        query.ascending = false
        query.limit = Self.days
        let days = try await counters.dynamoDB.query(query).items.map(Counters.values)
        let runs = days.reduce(0) { $0 + ($1["runs"] ?? 0) }
        guard runs > 0 else { return nil }
        return .milliseconds(days.reduce(0) { $0 + ($1["run_ms"] ?? 0) } / runs)
    }

    private static func partition(_ shape: String) -> String { "RUNS#\(shape)" }
}

/// What an environment has counted and not written.
private final class PendingRuns: Sendable {
    struct Key: Hashable {
        let shape: String
        let day: String
    }

    struct Tally {
        var runs = 0
        var milliseconds = 0

        static func += (total: inout Tally, more: Tally) {
            total.runs += more.runs
            total.milliseconds += more.milliseconds
        }
    }

    private struct State {
        var tallies: [Key: Tally] = [:]
        var written: ContinuousClock.Instant?
    }

    private static let interval: Duration = .seconds(10)
    private let state = Mutex(State())

    /// Counts a run. Gives all that is to be written, when the last time is long enough ago; it is forgotten here.
    func add(_ run: Tally, to key: Key, at now: ContinuousClock.Instant) -> [Key: Tally] {
        state.withLock { state in
            state.tallies[key, default: Tally()] += run
            if let written = state.written, now - written < Self.interval { return [:] }
            defer { (state.tallies, state.written) = ([:], now) }
            return state.tallies
        }
    }

    /// For what could not be written.
    func putBack(_ tally: Tally, to key: Key) {
        state.withLock { $0.tallies[key, default: Tally()] += tally }
    }
}
