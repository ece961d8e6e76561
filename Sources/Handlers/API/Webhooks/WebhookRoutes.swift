import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Time

/// One's webhook secret, and what became of a job's webhook.
struct WebhookRoutes: Sendable {
    let services: Services

    enum Fields {
        static let keepPrevious = Field(
            "keep_previous_hours", FieldType<Int>.integer(0...168), default: 24)
    }

    /// `GET /v1/webhook-secret`.
    func secret(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        guard let secret = try await WebhookSecretStore(services).secret(of: user.id) else {
            throw APIError(.notFound, "You have no webhook secret yet; POST makes one.")
        }
        return .json(secret.json(at: services.now))
    }

    /// `POST /v1/webhook-secret`: the first one, or a new one instead of it.
    func rotate(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        var reader = FieldReader(try JSONBody.object(of: request.http))
        let hours = reader.read(Fields.keepPrevious)
        try reader.finish()
        let now = services.now
        guard
            let secret = try await WebhookSecretStore(services).rotate(
                of: user.id, keeping: .seconds(hours * 3600), at: now)
        else { throw APIError(.conflict, "The secret is being rotated by another request.") }
        return .json(secret.json(at: now), status: 201, headers: ["Location": "/v1/webhook-secret"])
    }

    /// `GET /v1/jobs/{id}/deliveries`.
    func deliveries(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        let job = try await job(request, user)
        let deliveries = try await DeliveryStore(services).deliveries(job.id)
        return .json(["deliveries": .array(deliveries.map(\.json))])
    }

    /// `POST /v1/jobs/{id}/deliveries/{event}/resend`.
    func resend(_ request: APIRequest, _ user: User) async throws -> HTTPResponse {
        try JSONBody.expectNone(of: request.http)
        let job = try await job(request, user)
        let store = DeliveryStore(services)
        // A job has one event; a name from outside, as long as a path may be, is no part of a key.
        guard let event = job.completionEvent, request.parameters["event"] == event,
            let delivery = try await store.delivery(job.id, event: event)
        else { throw APIError(.notFound, "The job has no delivery of this event.") }
        guard let again = try await store.resend(delivery, at: services.now) else {
            throw APIError(.conflict, "It is being sent at this moment.")
        }
        return .json(again.json, status: 202)
    }

    private func job(_ request: APIRequest, _ user: User) async throws -> Job {
        guard let id = request.parameters["id"].flatMap({ UUID($0) }),
            let job = try await services.store.job(Job.ID(id)), job.user == user.id,
            job.deletedAt == nil, job.expiresAt.map({ $0 > services.now }) ?? true
        else { throw APIError.noSuchJob }
        return job
    }
}

extension WebhookSecret {
    fileprivate func json(at now: Timestamp) -> JSON {
        let until = previous.flatMap { $0.until > now ? $0.until : nil }
        return [
            "secret": .string(text), "created_at": .string(createdAt.rfc3339),
            "previous_until": until.map { .string($0.rfc3339) } ?? .null,
        ]
    }
}

extension Delivery {
    fileprivate var json: JSON {
        [
            "event": .string(event), "webhook_id": .string(messageID), "url": .string(url),
            "state": .string(state.rawValue), "attempts": .number(attempts),
            "result": result.map { .string($0) } ?? .null,
            "next_attempt_at": dueAt.map { .string($0.rfc3339) } ?? .null,
        ]
    }
}
