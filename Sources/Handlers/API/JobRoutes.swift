import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Telemetry

/// The routes that read and cancel jobs. A job that is not the caller's is not there.
struct JobRoutes: Sendable {
    let services: Services

    private enum Fields {
        static let status = Field<Job.State?>(optional: "status", .choice(Job.State.queued))
        static let limit = Field("limit", FieldType<Int>.integer(1...100, textual: true), default: 20)
        static let cursor = Field<UUID?>("cursor", .cursor, default: nil)
        static let index = Field<Int?>(optional: "index", .integer(0...9999, textual: true))
    }

    static var listQuery: [FieldDescription] {
        [
            FieldDescription(Fields.status, "Only jobs in this state."),
            FieldDescription(Fields.limit, "How many at most.", default: 20),
            FieldDescription(Fields.cursor, "The next_cursor of the page before."),
        ]
    }

    static var imageQuery: [FieldDescription] {
        [FieldDescription(Fields.index, "Which output; absent: the primary picture.")]
    }

    /// `GET /v1/jobs`.
    func list(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(query: request.http.query)
        let status = reader.read(Fields.status)
        let limit = reader.read(Fields.limit)
        let cursor = reader.read(Fields.cursor)
        try reader.finish()
        let listing = try await services.store.list(
            user: user.id, state: status, limit: limit, after: cursor.map { "\($0)" })
        let next = listing.next.flatMap { UUID($0) }.map(ListCursor.encode)
        return .json([
            "jobs": .array(listing.jobs.map(\.json)),
            "next_cursor": next.map { .string($0) } ?? .null,
        ])
    }

    /// `GET /v1/jobs/{id}`.
    func show(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let page = try await page(request, user)
        return .json(try await JobPresenter(services: services).json(page, countsQueue: true))
    }

    /// `GET /v1/jobs/{id}/image`: to the picture's own address.
    func image(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(query: request.http.query)
        let index = reader.read(Fields.index)
        try reader.finish()
        let page = try await page(request, user)
        let output =
            index.map { index in page.job.outputs.first { $0.index == index } }
            ?? JobView(page).primaryImage
        guard let output else {
            if !page.job.state.isFinal {
                throw APIError(
                    .conflict, "The job is \(page.job.state.rawValue); it has no picture yet.",
                    headers: ["Retry-After": "2"])
            }
            throw APIError(
                .notFound,
                index.map { "The job has no output \($0)." }
                    ?? "The job is \(page.job.state.rawValue) and has no picture.")
        }
        let address = try await OutputAddresses(services: services).address(of: output)
        return HTTPResponse(status: 302, headers: ["Location": address.url])
    }

    /// `GET /v1/jobs/{id}/events`.
    func events(_ request: APIRequest, _ user: User) async throws -> JobEvents? {
        JobEvents(
            try await page(request, user), after: request.http.headers["Last-Event-ID"], services: services)
    }

    /// `POST /v1/jobs/{id}/cancel`.
    func cancel(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        try JSONBody.expectNone(of: request.http)
        var page = try await page(request, user)
        guard let now = try await JobCancellation(services: services).cancel(page.job.id) else {
            throw APIError.noSuchJob
        }
        if now.state == .completed || now.state == .failed {
            throw APIError(.conflict, "The job is \(now.state.rawValue); it cannot be cancelled any more.")
        }
        if now.hasParts { page = try await self.page(request, user) }
        page.job = now
        return .json(
            try await JobPresenter(services: services).json(page),
            status: now.state.isFinal ? 200 : 202)
    }

    /// How long a client waits until all of a job is removed; what is left then is the sweep's.
    private static let erasing: Duration = .seconds(10)

    /// `DELETE /v1/jobs/{id}`: the job is gone for its user with one write; what it left is removed then.
    func delete(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let job = try await page(request, user).job
        let eraser = JobEraser(services: services)
        guard let deleted = try await eraser.mark(job) else {
            throw APIError(.conflict, "The job has not ended; cancel it first.")
        }
        do {
            _ = try await withDeadline(Self.erasing, on: services.http.loop) {
                try await eraser.erase(deleted)
            }
        } catch {
            Log.warn(
                "a deleted job is left to the sweep",
                ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
        }
        return HTTPResponse(status: 204)
    }

    private func page(_ request: APIRequest, _ user: User) async throws -> JobDocuments.Page {
        guard let id = request.parameters["id"].flatMap({ UUID($0) }),
            let page = try await services.documents.page(Job.ID(id), at: services.now),
            page.job.user == user.id
        else { throw APIError.noSuchJob }
        return page
    }
}
