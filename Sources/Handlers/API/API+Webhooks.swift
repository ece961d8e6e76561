import HTTP

extension API {
    /// Secrets and deliveries of webhooks.
    static func webhookRoutes(_ services: Services) -> [Route] {
        let webhooks = WebhookRoutes(services: services)
        return [
            Route(
                .get, "/v1/webhook-secret", "getWebhookSecret", .user(webhooks.secret), scope: .account,
                .webhookSecret),
            Route(
                .post, "/v1/webhook-secret", "rotateWebhookSecret", .user(webhooks.rotate), scope: .account,
                .rotateWebhookSecret),
            Route(
                .get, "/v1/jobs/{id}/deliveries", "listDeliveries", .user(webhooks.deliveries),
                scope: .jobsRead, .deliveries),
            Route(
                .post, "/v1/jobs/{id}/deliveries/{event}/resend", "resendDelivery", .user(webhooks.resend),
                scope: .jobsWrite, .resendDelivery),
        ]
    }
}
