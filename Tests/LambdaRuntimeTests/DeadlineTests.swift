import HTTP
import JSON
import Telemetry
import TestSupport
import Testing
import Time

@testable import LambdaRuntime

extension LambdaRuntimeTests {
    /// What comes of a handler whose time is over.
    @Suite struct Deadline {
        @Test func `a handler is cancelled before its deadline, its error says so, and the loop goes on`()
            async throws
        {
            let api = try RecordingRuntimeAPI([.timed(id: "r-1", .milliseconds(400)), .event(id: "r-2")])
            let (_, log) = try await runRuntime(
                api,
                ClosureHandler { event, context in
                    if context.requestID == "r-1" { try await EventLoop.current?.sleep(for: .seconds(3600)) }
                    return event
                })
            #expect(api.reports.map(\.path) == ["invocation/r-1/error", "invocation/r-2/response"])
            #expect(api.reports.first?.errorType == "Runtime.Timeout")
            let document = try JSON(parsing: try #require(api.reports.first?.request.body))
            #expect(document["errorType"] == "Runtime.Timeout")
            #expect(
                document["errorMessage"]
                    == "The handler had not ended after 0.3 s, shortly before the invocation's deadline, and was cancelled. Raise the function's timeout, or have it do less at once."
            )
            #expect(log.count { $0["message"] == "invocation failed" && $0["requestId"] == "r-1" } == 1)
        }

        @Test func `an answer that a cancelled handler still gives is delivered`() async throws {
            let api = try RecordingRuntimeAPI([.timed(id: "r-1", .milliseconds(400))])
            _ = try await runRuntime(
                api,
                ClosureHandler { _, _ in
                    try? await EventLoop.current?.sleep(for: .seconds(3600))
                    return Array("partial".utf8)
                })
            #expect(api.reports.map(\.path) == ["invocation/r-1/response"])
            #expect(api.reports.first?.text == "partial")
        }

        @Test func `calls that the handler makes are cancelled with it`() async throws {
            let api = try RecordingRuntimeAPI([.timed(id: "r-1", .milliseconds(400))])
            // As silent as a service that is down.
            let silent = try RecordingRuntimeAPI([.silence])
            let cancelled = Collected<HTTPError.Code?>()
            _ = try await runRuntime(
                api,
                ClosureHandler { event, _ in
                    let loop = try #require(EventLoop.current)
                    let url = try #require(URL("http://\(silent.address)/2018-06-01/runtime/invocation/next"))
                    do {
                        _ = try await HTTPClient(loop: loop).send(.init(.get, url))
                    } catch {
                        cancelled.add((error as? HTTPError)?.code)
                        throw error
                    }
                    return event
                })
            #expect(cancelled.all == [.cancelled])
            #expect(api.reports.map(\.errorType) == ["Runtime.Timeout"])
        }

        @Test func `a handler that ignores its cancellation is given up, and the process ends`() async throws
        {
            let api = try RecordingRuntimeAPI([.timed(id: "r-1", .milliseconds(400)), .event(id: "r-2")])
            let (status, log) = try await runRuntime(
                api,
                ClosureHandler { event, _ in
                    // No cancellation reaches a task of its own.
                    _ = try await EventLoop.current?.task {
                        try await EventLoop.current?.sleep(for: .seconds(30))
                    }.value
                    return event
                })
            #expect(status == 1)
            #expect(api.reports.map(\.path) == ["invocation/r-1/error"])
            #expect(api.reports.map(\.errorType) == ["Runtime.Timeout"])
            // Nothing of it can run into the next invocation, which is another process's.
            #expect(api.requestsForNext == 1)
            #expect(log.last?["level"] == "FATAL")
            #expect(log.last?["message"] == "the process ends")
        }

        @Test func `with several at once, a handler that goes on costs its own slot only`() async throws {
            let ids = (2...5).map { RecordingRuntimeAPI.Step.event(id: "r-\($0)") }
            let api = try RecordingRuntimeAPI([.timed(id: "r-1", .milliseconds(400))] + ids + [.silence])
            let (gate, open) = AsyncStream.makeStream(of: Void.self)
            let ended = Collected<String>()
            let (status, _) = try await runRuntime(
                api, environment: ["AWS_LAMBDA_MAX_CONCURRENCY": "2"],
                ClosureHandler { event, context in
                    if context.requestID == "r-1" {
                        await EventLoop.current?.ignoringCancellation { for await _ in gate {} }
                        ended.add(context.requestID)
                    } else if context.requestID == "r-5" {
                        // The other loop serves on while the first is stuck, and gets its slot back in the end.
                        while api.reports.count < 4 {
                            try await EventLoop.current?.sleep(for: .milliseconds(5))
                        }
                        open.finish()
                    }
                    return event
                })
            #expect(status == 1)
            #expect(ended.all == ["r-1"])
            #expect(
                api.reports.map(\.path).sorted()
                    == ["invocation/r-1/error"] + (2...5).map { "invocation/r-\($0)/response" })
        }

        @Test(arguments: [("0", 0), ("900", 90), ("", 90)])
        func `the margin is the environment's`(text: String, milliseconds: Int) throws {
            let settings = try RuntimeSettings(["RUNTIME_DEADLINE_MARGIN_MS": text])
            let limit = TimeLimit(remaining: .milliseconds(900), margin: settings.deadlineMargin)
            #expect(
                limit.map { $0.untilDeadline - $0.untilCancellation } ?? .zero == .milliseconds(milliseconds))
        }

        @Test func `a margin is half a second, or a tenth of a short time`() {
            let long = TimeLimit(remaining: .seconds(30), margin: TimeLimit.standardMargin)
            #expect(long?.untilCancellation == .milliseconds(29_500))
            #expect(long?.patience == .milliseconds(250))
            let short = TimeLimit(remaining: .seconds(1), margin: TimeLimit.standardMargin)
            #expect(short?.untilCancellation == .milliseconds(900))
            #expect(short?.patience == .milliseconds(50))
        }

        @Test func `a deadline that passed before its event came is no limit`() async throws {
            let api = try RecordingRuntimeAPI([.timed(id: "r-1", .seconds(-5))])
            _ = try await runRuntime(
                api,
                ClosureHandler { event, _ in
                    try await EventLoop.current?.sleep(for: .milliseconds(20))
                    return event
                })
            #expect(api.reports.map(\.path) == ["invocation/r-1/response"])
        }
    }
}

extension EventLoop {
    /// Runs `body` in a task that the caller's cancellation does not reach.
    fileprivate func ignoringCancellation(_ body: @escaping @Sendable () async -> Void) async {
        _ = await task { await body() }.result
    }
}
