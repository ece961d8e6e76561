import AWSClients
import Crypto
import JSON
import LambdaRuntime
import Telemetry
import Time

/// `notify`: fed by the completion topic, through its queue or directly. Records each webhook that is to be delivered.
///
/// Of a message it believes only the job id and the event, and reads the job again.
struct NotifyHandler: InvocationHandler {
    let services: Services

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        switch try LambdaEvent(decoding: event) {
        case .sqs(let batch):
            var failed: [String] = []
            for record in batch.records {
                do {
                    try await take(Self.message(inQueueBody: record.body))
                } catch {
                    Log.error(
                        "completion not taken",
                        ["message_id": .string(record.messageID), "error": .string("\(error)")])
                    failed.append(record.messageID)
                }
            }
            return SQSEvent.response(failed: failed)
        case .sns(let batch):
            for record in batch.records { try await take(record.message) }
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

    private func take(_ message: String) async throws(AWSError) {
        guard let json = try? JSON(parsing: message),
            let id = (json["job_id"]?.string).flatMap({ UUID($0) }), let event = json["event"]?.string
        else {
            return Log.warn("a message that is no completion")
        }
        guard let job = try await services.store.job(id), job.completionEvent == event else {
            return Log.warn(
                "a completion that the job does not know",
                ["job_id": .string("\(id)"), "event": .string(event)])
        }
        guard job.webhookURL != nil else { return }
        let isNew = try await DeliveryStore(services).record(job, event: event)
        Log.info(
            isNew ? "webhook to be delivered" : "webhook known already",
            ["job_id": .string("\(id)"), "event": .string(event)])
    }
}
