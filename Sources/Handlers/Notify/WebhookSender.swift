import AWSClients
import Crypto
import HTTP
import JSON
import Telemetry
import Time

/// Delivers webhooks: each try is recorded, then sent. 2xx is success, 410 ends it, everything else comes again.
struct WebhookSender: Sendable {
    let services: Services
    let store: DeliveryStore
    private let secrets: WebhookSecretStore

    /// A receiver has this long to answer.
    private static let patience: Duration = .seconds(10)
    /// What a try may take, with its writes: none is begun with less.
    static let timeNeeded: Duration = patience + .seconds(2)
    /// Of an answer only the status counts.
    private static let responseLimit = 64 << 10

    init(services: Services) {
        self.services = services
        store = DeliveryStore(services)
        secrets = WebhookSecretStore(services)
    }

    /// One try, if it is due and nobody else makes it. What fails is left to the next one.
    func deliver(_ job: Job.ID, event: String) async {
        let fields: JSON.Object = ["job_id": .string("\(job)"), "event": .string(event)]
        do {
            guard let due = try await store.delivery(job, event: event), due.state == .pending,
                let time = due.dueAt, time <= services.now,
                let begun = try await store.begin(due, at: services.now)
            else { return }
            let ended = try await attempt(begun)
            try await store.conclude(ended, of: begun)
            var said = fields
            said["state"] = .string(ended.state.rawValue)
            said["attempt"] = .number(ended.attempts)
            said["result"] = ended.result.map { .string($0) } ?? .null
            Log.info("webhook", said)
        } catch {
            var said = fields
            said["error"] = .string("\(error)")
            Log.error("webhook not delivered, the sweep will try again", said)
        }
    }

    /// Of a deleted job the user may be gone too, for whom no new one is to be made.
    private func secret(for job: Job) async throws(AWSError) -> WebhookSecret? {
        if job.deletedAt != nil { return try await secrets.secret(of: job.user) }
        return try await secrets.secretToSignWith(of: job.user, at: services.now)
    }

    private func attempt(_ begun: Delivery) async throws(AWSError) -> Delivery {
        var ended = begun
        guard let url = URL(begun.url), services.configuration.webhookHosts.allows(url) else {
            return Self.failed(ended, "the address is not among WEBHOOK_ALLOWED_HOSTS")
        }
        guard
            let page = try await services.documents.page(begun.job, at: services.now, deletedToo: true),
            page.job.completionEvent == begun.event
        else { return Self.failed(ended, "the job is gone") }
        let body = JobView(page, costPerGPUSecond: services.configuration.costPerGPUSecond)
            .message(bucket: services.configuration.bucket, at: services.now)
        guard let secret = try await secret(for: page.job) else {
            return Self.failed(ended, "the user is gone")
        }
        do {
            let status = try await services.http.send(request(begun, url, body.serialized(), secret)).status
            ended.result = "\(status)"
            if (200..<300).contains(status) {
                ended.state = .delivered
                ended.dueAt = nil
                return ended
            }
            if status == 410 { return Self.failed(ended, "410: the receiver wants no more") }
        } catch {
            if error.code == .forbiddenAddress {
                return Self.failed(ended, "the address is not one of the public internet")
            }
            // Without the address: what a receiver's owner sees of a job needs no copy of it.
            ended.result = error.code.rawValue
        }
        if Delivery.next(after: ended.attempts, at: services.now) == nil {
            return Self.failed(ended, "\(ended.result ?? "no answer"), and no try is left")
        }
        return ended
    }

    private func request(_ delivery: Delivery, _ url: URL, _ body: [UInt8], _ secret: WebhookSecret)
        -> HTTPClient.Request
    {
        let now = services.now
        var request = HTTPClient.Request(
            .post, url,
            headers: [
                "Content-Type": "application/json", "webhook-id": delivery.messageID,
                "webhook-timestamp": "\(now.seconds)",
                "webhook-signature": secret.signatures(id: delivery.messageID, body: body, at: now),
            ],
            body: .bytes(body))
        request.addressGuard = services.addressGuard
        request.timeouts.total = Self.patience
        request.responseLimit = Self.responseLimit
        return request
    }

    private static func failed(_ delivery: Delivery, _ result: String) -> Delivery {
        var ended = delivery
        ended.state = .failed
        ended.dueAt = nil
        ended.result = result
        return ended
    }
}
