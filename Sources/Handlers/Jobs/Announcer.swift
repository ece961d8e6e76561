import AWSClients
import JSON
import Telemetry

/// Publishes completions on the SNS topic, at least once: a job stays `notification_pending` until the topic took it.
struct Announcer: Sendable {
    let services: Services

    /// Publishes a final job and takes note; of a part, its job takes note. A failure is logged and left to the sweep.
    func announce(_ job: Job) async {
        guard job.notificationPending, let event = job.completionEvent else { return }
        if job.id.part != nil { return await JobParts(services: services).takeIn(job.id) }
        do {
            try await publish(job, event)
            _ = try await services.store.apply(.announced, to: job)
        } catch {
            Log.error(
                "completion not announced, the sweep will try again",
                ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
        }
    }

    private func publish(_ job: Job, _ event: String) async throws(AWSError) {
        let page =
            job.hasMetadata
            ? try await services.documents.page(job.id, at: services.now) : nil
        let message = JobView(page ?? .init(job: job, metadata: nil, progress: nil))
            .message(bucket: services.configuration.bucket, at: services.now)
        let topic = services.configuration.topicARN
        let isFIFO = topic.hasSuffix(".fifo")
        try await services.sns.publish(
            message.text, to: topic,
            attributes: [
                "event": .string(event), "status": .string(job.state.rawValue),
                "user_id": .string(job.user), "priority": .number("\(job.priority)"),
            ],
            groupID: isFIFO ? job.user : nil,
            deduplicationID: isFIFO ? "\(job.id)-\(event)" : nil)
        Log.info(
            "completion announced", ["job_id": .string("\(job.id)"), "event": .string(event)])
    }
}
