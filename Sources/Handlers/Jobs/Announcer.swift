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
            try await services.quotas.giveBack(job)
            try await publish(job, event)
            guard case .done = try await services.store.apply(.announced, to: job) else { return }
        } catch {
            Log.error(
                "completion not announced, the sweep will try again",
                ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
            return
        }
        await count(job)
        await services.previews.remove(job)
    }

    /// One announcer's write was the one that took note: that one counts.
    private func count(_ job: Job) async {
        JobMetrics(
            tallies: services.metrics.tallies, costPerGPUSecond: services.configuration.costPerGPUSecond
        ).count(job)
        do {
            try await services.quotas.addUse(of: job)
        } catch {
            Log.error(
                "a job's time is not counted",
                ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
        }
        do {
            try await services.runTimes.add(job)
        } catch {
            Log.warn(
                "a run is not counted for estimates",
                ["job_id": .string("\(job.id)"), "error": .string("\(error)")])
        }
    }

    private func publish(_ job: Job, _ event: String) async throws(AWSError) {
        let page =
            job.hasMetadata
            ? try await services.documents.page(job.id, at: services.now, deletedToo: true) : nil
        let message = JobView(
            page ?? .init(job: job, metadata: nil, progress: nil),
            costPerGPUSecond: services.configuration.costPerGPUSecond
        ).message(bucket: services.configuration.bucket, at: services.now)
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
