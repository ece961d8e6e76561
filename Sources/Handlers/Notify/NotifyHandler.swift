import AWSClients
import Crypto
import JSON
import LambdaRuntime
import Telemetry
import Time

/// `notify`: fed by the completion topic, through its queue or directly. Records each webhook that is to be delivered, and
/// makes the first try at once; the sweep makes the others.
///
/// Of a message it believes only the job id and the event, and reads the job again.
struct NotifyHandler: InvocationHandler {
    let services: Services

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        switch try LambdaEvent(decoding: event) {
        case .sqs(let batch):
            // Side by side: a receiver that is slow keeps no other one waiting.
            let failed = await withTaskGroup(of: String?.self) { group in
                for record in batch.records {
                    group.addTask {
                        do {
                            try await take(Self.message(inQueueBody: record.body), until: context.deadline)
                            return nil
                        } catch {
                            Log.error(
                                "completion not taken",
                                ["message_id": .string(record.messageID), "error": .string("\(error)")])
                            return record.messageID
                        }
                    }
                }
                var failed: [String] = []
                for await one in group { if let one { failed.append(one) } }
                return failed
            }
            return SQSEvent.response(failed: failed)
        case .sns(let batch):
            for record in batch.records { try await take(record.message, until: context.deadline) }
            return Array("{}".utf8)
        default:
            throw FunctionError(
                type: "Handler.UnexpectedEvent",
                message: "notify takes SQS events of the notify queue and SNS events of the completion topic")
        }
    }

    /// A queue's message is SNS's envelope, or the message itself where raw delivery is on.
    static func message(inQueueBody body: String) -> String {
        guard let json = try? JSON(parsing: body), json["Type"]?.string == "Notification",
            let message = json["Message"]?.string
        else { return body }
        return message
    }

    private func take(_ message: String, until deadline: Timestamp) async throws(AWSError) {
        guard let json = try? JSON(parsing: message),
            let id = (json["job_id"]?.string).flatMap({ Job.ID($0) }), let event = json["event"]?.string
        else {
            return Log.warn("a message that is no completion")
        }
        guard let job = try await services.store.job(id), job.completionEvent == event else {
            return Log.warn(
                "a completion that the job does not know",
                ["job_id": .string("\(id)"), "event": .string(event)])
        }
        guard let delivery = Delivery(job, event: event, at: services.now) else { return }
        let sender = WebhookSender(services: services)
        guard try await sender.store.record(delivery) else {
            return Log.info(
                "webhook known already", ["job_id": .string("\(id)"), "event": .string(event)])
        }
        if deadline - Timestamp.now > WebhookSender.timeNeeded { await sender.deliver(id, event: event) }
    }
}
