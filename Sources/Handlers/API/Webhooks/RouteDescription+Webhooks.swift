import JSON

extension RouteDescription {
    static var webhookSecret: RouteDescription {
        RouteDescription(
            summary: "The secret that your webhooks are signed with", tag: .accounts,
            answers: [Answer(status: 200, summary: "The secret.", content: Content(schema: secretSchema))],
            errors: [.notFound])
    }

    static var rotateWebhookSecret: RouteDescription {
        RouteDescription(
            summary: "Make a webhook secret, or a new one",
            details: "For a while both sign: `webhook-signature` then has two signatures.", tag: .accounts,
            body: [
                FieldDescription(
                    WebhookRoutes.Fields.keepPrevious,
                    "For how long the one before signs too. 0 when it has become known.", default: 24)
            ],
            bodyExamples: [("rotation", ["keep_previous_hours": 48])],
            answers: [
                Answer(
                    status: 201, summary: "The new secret.", content: Content(schema: secretSchema),
                    headers: [("Location", "Where to read it.")])
            ], errors: [.conflict])
    }

    static var deliveries: RouteDescription {
        RouteDescription(
            summary: "What became of a job's webhook", tag: .jobs,
            answers: [
                Answer(
                    status: 200, summary: "One delivery for each event; none before the job has ended.",
                    content: Content(
                        schema: object(["deliveries": ["type": "array", "items": deliverySchema]])))
            ])
    }

    static var resendDelivery: RouteDescription {
        RouteDescription(
            summary: "Send a webhook once more",
            details: "Under the same `webhook-id`, within a minute, and with all its tries before it.",
            tag: .jobs, body: [],
            answers: [
                Answer(
                    status: 202, summary: "It will be sent.", content: Content(schema: deliverySchema))
            ], errors: [.conflict])
    }

    private static let secretSchema = object([
        "secret": ["type": "string", "pattern": "^whsec_[A-Za-z0-9+/]{43}=$"], "created_at": moment,
        "previous_until": momentOrNull,
    ])
    private static let deliverySchema = object([
        "event": ["type": "string"], "webhook_id": ["type": "string"], "url": ["type": "string"],
        "state": ["enum": .array(Delivery.State.allCases.map { .string($0.rawValue) })],
        "attempts": ["type": "integer"], "result": ["type": ["string", "null"]],
        "next_attempt_at": momentOrNull,
    ])
}
