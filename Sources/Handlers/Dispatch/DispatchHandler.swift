import AWSClients
import Crypto
import JSON
import LambdaRuntime
import Telemetry
import Time

/// `dispatch`: woken by the queues `work` and `resume`, runs jobs on the workers.
struct DispatchHandler: InvocationHandler {
    let dispatcher: Dispatcher

    init(services: Services) { dispatcher = Dispatcher(services: services) }

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        guard case .sqs(let batch) = try LambdaEvent(decoding: event) else {
            throw FunctionError(
                type: "Handler.UnexpectedEvent",
                message: "dispatch takes SQS events of the queues work and resume")
        }
        var resumes: [Job.ID: String] = [:]
        var hint: Job.ID?
        for record in batch.records {
            switch Doorbell.Message(body: record.body) {
            case .work(let job): hint = hint ?? job
            case .resume(let job): resumes[job] = record.messageID
            case nil:
                // Thrown away: redelivered it would be no better, and it cannot hide a job.
                Log.warn("a message that is no doorbell", ["message_id": .string(record.messageID)])
            }
        }
        let left = try await dispatcher.dispatch(
            resumes: Array(resumes.keys), hint: hint, until: context.deadline)
        return SQSEvent.response(failed: left.compactMap { resumes[$0] })
    }
}
