import AWSClients
import Crypto
import Time

/// What users have had of their day, in the table: an item for each user and day, in UTC.
///
/// Pictures are taken from the day before there is a job, and given back when it fails through no fault of its user: the
/// write that fails it says so, and the item remembers for which jobs it was done. Time on GPUs is known afterwards: it
/// is added by whoever announces the job, once or, should that one die, not at all.
struct QuotaStore: Sendable {
    let counters: Counters
    let quotas: [Tier: Quota]

    private var dynamoDB: DynamoDB { counters.dynamoDB }

    /// How long a day is remembered: usage tells of 30.
    private static let retention: Duration = .seconds(40 * 86_400)

    /// What a tier may have a day.
    struct Quota: Sendable, Hashable {
        var images: Int
        var gpuSeconds: Int
    }

    /// A day's counters.
    struct Day: Sendable, Hashable {
        var images = 0
        var gpuMilliseconds = 0
        var completed = 0
        var failed = 0
        var cancelled = 0
        var runMilliseconds = 0

        init(_ values: [String: Int] = [:]) {
            images = max(0, values["images"] ?? 0)
            gpuMilliseconds = values["gpu_ms"] ?? 0
            completed = values["jobs_completed"] ?? 0
            failed = values["jobs_failed"] ?? 0
            cancelled = values["jobs_cancelled"] ?? 0
            runMilliseconds = values["run_ms"] ?? 0
        }

        static func += (sum: inout Day, day: Day) {
            sum.images += day.images
            sum.gpuMilliseconds += day.gpuMilliseconds
            sum.completed += day.completed
            sum.failed += day.failed
            sum.cancelled += day.cancelled
            sum.runMilliseconds += day.runMilliseconds
        }
    }

    /// As whose days those of all users together are counted; no user's id has a star.
    static let everybody = "*"

    /// Takes pictures from a user's day; nil, with the day as it is, when there are not so many left.
    func take(_ images: Int, for user: User, at now: Timestamp) async throws(AWSError) -> (
        charge: Job.Charge?, day: Day
    ) {
        let day = Self.day(now)
        let quota = quotas[user.tier]
        let outcome = try await counters.add(
            [
                .init(name: "images", amount: images, limit: quota?.images),
                // What a job will take is not known: as long as there is some left, it may begin.
                .init(
                    name: "gpu_ms", amount: 0, limit: quota.map { $0.gpuSeconds * 1000 }, isOpenEnded: true),
            ], to: Self.key(user.id, day), expires: now + Self.retention)
        return (outcome.isWithin ? Job.Charge(day: day, images: images) : nil, Day(outcome.values))
    }

    /// Gives back what was taken for a job that did not come to be.
    func release(_ charge: Job.Charge, of user: String) async throws(AWSError) {
        _ = try await counters.add(
            [.init(name: "images", amount: -charge.images, limit: nil)], to: Self.key(user, charge.day),
            expires: Self.end(of: charge.day) + Self.retention)
    }

    /// Gives back what a job took, when its end says so; however often this is called.
    func giveBack(_ job: Job) async throws(AWSError) {
        guard let charge = job.charge, charge.isReturned else { return }
        let id: AttributeValue = .b(job.id.uuid.bytes)
        do {
            try await dynamoDB.update(
                Self.key(job.user, charge.day), in: counters.table,
                [
                    .add("images", .n(-charge.images)), .add("refunded", .bs([job.id.uuid.bytes])),
                    .setIfAbsent(
                        AttributePath(names: TableDefinition.timeToLiveAttribute),
                        .n((Self.end(of: charge.day) + Self.retention).seconds)),
                ], condition: .not(.contains("refunded", id)))
        } catch  where error.code == .conditionalCheckFailed {
            // It was given back before.
        }
    }

    /// Adds what a job took of a GPU, and how it ended: to its user's day, and to everybody's, with its pictures.
    func addUse(of job: Job) async throws(AWSError) {
        guard let charge = job.charge else { return }
        let gpu = job.gpuTime(until: job.completedAt ?? job.createdAt).milliseconds
        var steps: [Counters.Step] = [
            .init(name: "gpu_ms", amount: Int(gpu), limit: nil),
            .init(name: "jobs_\(job.state.rawValue)", amount: 1, limit: nil),
        ]
        if job.state == .completed, let start = job.startedAt, let end = job.completedAt {
            steps.append(
                .init(name: "run_ms", amount: max(0, Int((end - start).milliseconds)), limit: nil))
        }
        let expires = Self.end(of: charge.day) + Self.retention
        _ = try await counters.add(steps, to: Self.key(job.user, charge.day), expires: expires)
        let images = charge.isReturned ? 0 : charge.images
        steps.append(.init(name: "images", amount: images, limit: nil))
        _ = try await counters.add(steps, to: Self.key(Self.everybody, charge.day), expires: expires)
    }

    /// A user's days since `first`, by day.
    func days(of user: String, since first: Timestamp) async throws(AWSError) -> [String: Day] {
        var query = DynamoDB.Query(
            table: counters.table,
            where: .and([
                .equals("pk", .s(Self.partition(user))), .greaterOrEqual("sk", .s(Self.day(first))),
            ]))
        query.consistent = true
        var days: [String: Day] = [:]
        for item in try await dynamoDB.query(query).items {
            if let day = item["sk"]?.string { days[day] = Day(Counters.values(item)) }
        }
        return days
    }

    /// `2026-01-31`
    static func day(_ time: Timestamp) -> String { String(time.rfc3339.prefix(10)) }

    /// When the day of a moment ends.
    static func end(of time: Timestamp) -> Timestamp {
        Timestamp(milliseconds: (time.seconds / 86_400 + 1) * 86_400_000)
    }

    private static func end(of day: String) -> Timestamp {
        Timestamp(rfc3339: "\(day)T00:00:00Z").map { end(of: $0) } ?? Timestamp(milliseconds: 0)
    }

    static func partition(_ user: String) -> String { "QUOTA#\(user)" }

    private static func key(_ user: String, _ day: String) -> Item {
        ["pk": .s(partition(user)), "sk": .s(day)]
    }
}
