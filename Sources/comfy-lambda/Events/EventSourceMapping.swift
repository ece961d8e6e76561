import AWSClients
import HTTP
import JSON

/// Lambda's poller between a queue and a function: batches, partial failures put back, redelivery.
struct EventSourceMapping: Sendable {
    let queueURL: String
    let queueARN: String
    let function: LocalFunction
    /// At most 10: a batch is one receive.
    var batchSize = 10
    /// Batches in the function at once.
    var maximumConcurrency = 2
    /// When a failed message is seen again. Lambda leaves it until the queue's visibility time is over, minutes that nobody wants to wait for locally.
    var redeliveryDelay = Duration.seconds(1)
    /// Of one receive.
    var longPoll = Duration.seconds(10)

    /// Polls until it is cancelled. A queue that does not answer is asked again after a pause.
    func run(_ sqs: SQS, on loop: EventLoop, report: @escaping @Sendable (String) -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            while !Task.isCancelled {
                if running == maximumConcurrency {
                    await group.next()
                    running -= 1
                }
                do {
                    let messages = try await sqs.receive(
                        from: queueURL, maximum: batchSize, wait: longPoll,
                        // Long enough for any invocation; what ends earlier is deleted or put back by hand.
                        visibilityTimeout: function.definition.timeout * 6)
                    if messages.isEmpty { continue }
                    running += 1
                    group.addTask { await deliver(messages, sqs, report) }
                } catch {
                    if Task.isCancelled { break }
                    report("queue \(queueName): \(error)")
                    try? await loop.sleep(for: .seconds(1))
                }
            }
        }
    }

    private var queueName: Substring {
        queueURL.lastIndex(of: "/").map { queueURL[queueURL.index(after: $0)...] } ?? queueURL[...]
    }

    private func deliver(_ messages: [SQS.Message], _ sqs: SQS, _ report: @Sendable (String) -> Void) async {
        let event = QueueEvent.document(
            messages, queueARN: queueARN, region: function.definition.region)
        let ids = messages.map(\.messageID)
        let failed: Set<String>
        do {
            let outcome = try await function.invoke(event.serialized())
            if case .failure(let failure) = outcome {
                report("\(function.definition.handler): \(failure)")
            }
            failed = QueueEvent.failedMessages(of: ids, after: outcome)
        } catch is CancellationError {
            return
        } catch {
            report("\(function.definition.handler): \(error)")
            failed = Set(ids)
        }
        do {
            try await settle(messages, failed: failed, sqs)
        } catch {
            if !Task.isCancelled { report("queue \(queueName): \(error)") }
        }
    }

    /// Deletes what was done and makes the rest visible again: its count of receives, and so its way to the dead-letter queue, is the queue's.
    private func settle(_ messages: [SQS.Message], failed: Set<String>, _ sqs: SQS) async throws(AWSError) {
        let done = messages.filter { !failed.contains($0.messageID) }.map(\.receiptHandle)
        let again = messages.filter { failed.contains($0.messageID) }.map {
            (receiptHandle: $0.receiptHandle, timeout: redeliveryDelay)
        }
        if !done.isEmpty { _ = try await sqs.delete(batch: done, from: queueURL) }
        if !again.isEmpty { _ = try await sqs.changeVisibility(batch: again, of: queueURL) }
    }
}
