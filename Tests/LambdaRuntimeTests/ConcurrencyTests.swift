import Glibc
import HTTP
import JSON
import Telemetry
import Testing

@testable import LambdaRuntime

extension LambdaRuntimeTests {
    /// `AWS_LAMBDA_MAX_CONCURRENCY`: several invocations at once in one process.
    @Suite struct Concurrency {
        // MARK: Concurrency

        /// Nobody answers before all have begun: in one loop after another this would never end.
        @Test func `64 invocations run at once, each with its own context`() async throws {
            let count = 64
            let steps = (1...count).map { number in
                RecordingRuntimeAPI.Step.event(
                    id: "r-\(number)", headers: ["Lambda-Runtime-Trace-Id: Root=1-\(number)"],
                    body: Array("\(number)".utf8))
            }
            let silences = Array(repeating: RecordingRuntimeAPI.Step.silence, count: count - 1)
            let api = try RecordingRuntimeAPI(steps + silences)
            let begun = Collected<String>()
            let reportsWhenAllHadBegun = Collected<Int>()
            let (everyone, open) = AsyncStream.makeStream(of: Void.self)
            let (status, log) = try await runRuntime(
                api, environment: ["AWS_LAMBDA_MAX_CONCURRENCY": "\(count)"],
                ClosureHandler { event, context in
                    begun.add(context.requestID)
                    if begun.all.count == count {
                        reportsWhenAllHadBegun.add(api.reports.count)
                        open.finish()
                    }
                    for await _ in everyone {}
                    // A child task sees what its invocation's task does.
                    async let seen = [InvocationContext.current?.requestID, CallContext.current?.traceHeader]
                    #expect(
                        await seen == [context.requestID, "Root=1-\(String(decoding: event, as: UTF8.self))"])
                    Log.info("answering \(context.requestID)")
                    return event
                })
            #expect(status == 1)
            #expect(reportsWhenAllHadBegun.all == [0])
            #expect(
                Set(api.reports.map { "\($0.path) \($0.text)" })
                    == Set((1...count).map { "invocation/r-\($0)/response \($0)" }))
            let lines = log.filter { $0["message"]?.string?.hasPrefix("answering") == true }
            #expect(lines.count == count)
            for line in lines {
                #expect(line["message"]?.string == "answering \(line["requestId"]?.string ?? "")")
            }
            // One for each loop, kept: 64 at once need no more.
            #expect(api.connectionCount == count)
        }

        @Test func `outside of an invocation there is no context`() {
            #expect(InvocationContext.current == nil)
            #expect(CallContext.current == nil)
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
