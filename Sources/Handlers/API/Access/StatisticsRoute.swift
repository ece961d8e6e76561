import AWSClients
import HTTP
import JSON
import LambdaRuntime
import Time

/// What all users together have had, for administrators.
struct StatisticsRoute: Sendable {
    let services: Services
    let access: Access

    enum Fields {
        static let days = Field("days", FieldType<Int>.integer(1...30, textual: true), default: 30)
    }

    /// `GET /v1/admin/statistics`: a query for the days and one or more for the accounts, whatever was done in them.
    func show(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(query: request.http.query)
        let count = reader.read(Fields.days)
        try reader.finish()
        let first = services.now - .seconds((count - 1) * 86_400)
        let days = try await services.quotas.days(of: QuotaStore.everybody, since: first)
        var total = QuotaStore.Day()
        for day in days.values { total += day }
        return .json([
            "accounts": .number(try await access.accounts.count()),
            "days": .array(
                days.sorted { $0.key > $1.key }.map { name, day in
                    var json = day.json
                    json["day"] = .string(name)
                    return .object(json)
                }),
            "total": .object(total.json),
        ])
    }
}

extension RouteDescription {
    static var statistics: RouteDescription {
        var day = totalProperties
        day["day"] = ["type": "string", "format": "date"]
        return RouteDescription(
            summary: "What everybody has had",
            details: """
                Jobs that have ended, on the day (UTC) on which they were accepted; newest day first, without days on which there was \\
                none. Jobs of a deployment in which nobody has to sign in are not counted.
                """,
            tag: .accounts,
            query: [
                FieldDescription(
                    StatisticsRoute.Fields.days, "How many days, this one included.", default: 30)
            ],
            answers: [
                Answer(
                    status: 200, summary: "Each day, and all of them.",
                    content: Content(
                        schema: object([
                            "accounts": ["type": "integer"],
                            "days": ["type": "array", "items": object(day)], "total": object(totalProperties),
                        ])))
            ])
    }

    /// Of `QuotaStore.Day.json`.
    static let totalProperties: JSON.Object = [
        "images": ["type": "integer"], "gpu_seconds": ["type": "number"],
        "jobs_completed": ["type": "integer"], "jobs_failed": ["type": "integer"],
        "jobs_cancelled": ["type": "integer"], "mean_run_ms": ["type": ["integer", "null"]],
    ]
}
