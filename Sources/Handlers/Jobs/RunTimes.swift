import AWSClients
import Time

/// How long workflows of a shape took of late: a counter of runs and their time for each shape and day, in UTC.
struct RunTimes: Sendable {
    let counters: Counters

    /// How long a day's count is remembered.
    private static let memory: Duration = .seconds(30 * 86_400)
    /// The mean is of the last days on which there were any.
    private static let days = 3

    /// Counts a job that was completed at its first attempt: what was tried twice took longer than its work.
    func add(_ job: Job) async throws(AWSError) {
        guard job.state == .completed, let shape = job.shape, let begin = job.startedAt,
            let end = job.completedAt,
            job.hasParts || job.attempts.count == 1
        else { return }
        _ = try await counters.add(
            [
                .init(name: "runs", amount: 1, limit: nil),
                .init(name: "run_ms", amount: max(0, Int((end - begin).milliseconds)), limit: nil),
            ], to: ["pk": .s(Self.partition(shape)), "sk": .s(QuotaStore.day(end))],
            expires: end + Self.memory)
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
