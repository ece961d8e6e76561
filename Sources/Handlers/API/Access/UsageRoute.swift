import AWSClients
import HTTP
import JSON
import LambdaRuntime
import Time

/// What one has used and what is left.
struct UsageRoute: Sendable {
    let services: Services

    /// Days that the totals are of, this one included.
    private static let days = 30

    /// `GET /v1/usage`.
    func show(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let now = services.now
        let store = services.quotas
        let days = try await store.days(of: user.id, since: now - .seconds((Self.days - 1) * 86_400))
        let today = days[QuotaStore.day(now)] ?? .init()
        let quota = store.quotas[user.tier]
        let limits = RateLimiter.limits(of: user.tier)
        var total = QuotaStore.Day()
        for day in days.values { total += day }
        return .json([
            "tier": .string(user.tier.rawValue), "day": .string(QuotaStore.day(now)),
            "resets_at": .string(QuotaStore.end(of: now).rfc3339),
            "images": Self.share(Double(today.images), quota?.images),
            "gpu_seconds": Self.share(Double(today.gpuMilliseconds) / 1000, quota?.gpuSeconds),
            "requests_per_minute": limits.map { .number($0.requests) } ?? .null,
            "executions_per_minute": limits.map { .number($0.executions) } ?? .null,
            "last_30_days": .object(total.json),
        ])
    }

    /// null for as much as one likes.
    private static func share(_ used: Double, _ limit: Int?) -> JSON {
        [
            "used": number(used), "limit": limit.map { .number($0) } ?? .null,
            "remaining": limit.map { number(max(0, Double($0) - used)) } ?? .null,
        ]
    }

    /// Whole numbers without a fraction.
    fileprivate static func number(_ value: Double) -> JSON {
        if let whole = Int(exactly: value) { return .number(whole) }
        return JSON.Number(value).map { .number($0) } ?? 0
    }
}

extension QuotaStore.Day {
    /// As usage and statistics show one day, or the sum of some.
    var json: JSON.Object {
        [
            "images": .number(images), "gpu_seconds": UsageRoute.number(Double(gpuMilliseconds) / 1000),
            "jobs_completed": .number(completed), "jobs_failed": .number(failed),
            "jobs_cancelled": .number(cancelled),
            "mean_run_ms": completed == 0 ? .null : .number(runMilliseconds / completed),
        ]
    }
}

extension RouteDescription {
    static var usage: RouteDescription {
        func share(_ type: String) -> JSON {
            object([
                "used": ["type": .string(type)], "limit": ["type": ["integer", "null"]],
                "remaining": ["type": [.string(type), "null"]],
            ])
        }
        return RouteDescription(
            summary: "What you have used, and what is left",
            details: "Days are UTC's. What has no limit has a null there.", tag: .accounts,
            answers: [
                Answer(
                    status: 200, summary: "Today's quota, and totals of 30 days.",
                    content: Content(
                        schema: object([
                            "tier": tierSchema, "day": ["type": "string", "format": "date"],
                            "resets_at": moment, "images": share("integer"), "gpu_seconds": share("number"),
                            "requests_per_minute": ["type": ["integer", "null"]],
                            "executions_per_minute": ["type": ["integer", "null"]],
                            "last_30_days": object(totalProperties),
                        ])))
            ])
    }
}
