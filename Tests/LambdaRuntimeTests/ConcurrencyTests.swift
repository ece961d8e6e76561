import Glibc
import JSON
import Telemetry
import Testing

@testable import LambdaRuntime

extension LambdaRuntimeTests {
    /// `AWS_LAMBDA_MAX_CONCURRENCY`: several invocations at once in one process.
    @Suite struct Concurrency {
        // MARK: Concurrency

        @Test func `N invocations run at once, each with its own ids`() async throws {
            let steps = (1...8).map {
                RecordingRuntimeAPI.Step.event(id: "r-\($0)", body: Array("\($0)".utf8))
            }
            let silences = Array(repeating: RecordingRuntimeAPI.Step.silence, count: 7)
            let api = try RecordingRuntimeAPI(steps + silences)
            let begun = Collected<String>()
            let (everyone, open) = AsyncStream.makeStream(of: Void.self)
            let (status, log) = try await runRuntime(
                api, environment: ["AWS_LAMBDA_MAX_CONCURRENCY": "8"],
                ClosureHandler { event, context in
                    begun.add(context.requestID)
                    // Nobody answers before all eight have begun: in one loop after another this would never end.
                    if begun.all.count == 8 { open.finish() }
                    for await _ in everyone {}
                    Log.info("answering \(context.requestID)")
                    return event
                })
            #expect(status == 1)
            #expect(
                Set(api.reports.map { "\($0.path) \($0.text)" })
                    == Set((1...8).map { "invocation/r-\($0)/response \($0)" }))
            let lines = log.filter { $0["message"]?.string?.hasPrefix("answering") == true }
            #expect(lines.count == 8)
            for line in lines {
                #expect(line["message"]?.string == "answering \(line["requestId"]?.string ?? "")")
            }
        }

        @Test func `with several at once the trace id stays out of the environment`() async throws {
            let seen = Collected<String?>()
            let api = try RecordingRuntimeAPI([
                .event(id: "r-1", headers: ["Lambda-Runtime-Trace-Id: Root=1-b"]), .silence,
            ])
            unsafe unsetenv("_X_AMZN_TRACE_ID")
            _ = try await runRuntime(
                api, environment: ["AWS_LAMBDA_MAX_CONCURRENCY": "2"],
                ClosureHandler { event, _ in
                    seen.add(unsafe getenv("_X_AMZN_TRACE_ID").map { unsafe String(cString: $0) })
                    return event
                })
            #expect(seen.all == [nil])
        }
    }
}
