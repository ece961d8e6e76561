import Crypto
import HTTP
import JSON
import Time

/// An EventBridge rule: a function invoked at once and then at every period.
struct Schedule: Sendable {
    let function: LocalFunction
    var rule = "comfy-lambda-sweep"
    var period = Duration.seconds(60)

    /// Runs until it is cancelled.
    func run(on loop: EventLoop, report: @Sendable (String) -> Void) async {
        while !Task.isCancelled {
            let event = ScheduleEvent.document(
                id: UUID.v4().description, at: .now, rule: rule, region: function.definition.region)
            do {
                if case .failure(let failure) = try await function.invoke(event.serialized()) {
                    report("\(function.definition.handler): \(failure)")
                }
                try await loop.sleep(for: period)
            } catch is CancellationError {
                return
            } catch {
                report("\(function.definition.handler): \(error)")
                try? await loop.sleep(for: period)
            }
        }
    }
}
