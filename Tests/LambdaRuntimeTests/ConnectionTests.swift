import JSON
import Telemetry
import Testing

@testable import LambdaRuntime

extension LambdaRuntimeTests {
    /// Connections that end at the wrong moment: none of them ends the process or loses an answer.
    @Suite struct Connections {
        @Test func `a connection that is closed after each answer costs no answer`() async throws {
            let api = try RecordingRuntimeAPI([
                .event(id: "r-1", headers: ["Connection: close"]),
                .event(id: "r-2", headers: ["Connection: close"]),
            ])
            _ = try await runRuntime(api, ClosureHandler.echo)
            #expect(api.reports.map(\.path) == ["invocation/r-1/response", "invocation/r-2/response"])
            #expect(api.connectionCount == 3)
        }

        @Test(arguments: [[RecordingRuntimeAPI.Step.reset], [.reset, .resetMidway, .reset]])
        func `a wait that breaks is begun again`(breaks: [RecordingRuntimeAPI.Step]) async throws {
            let api = try RecordingRuntimeAPI(
                breaks + [.event(id: "r-1")] + breaks + [.event(id: "r-2")] + breaks + [.event(id: "r-3")])
            let (status, log) = try await runRuntime(api, ClosureHandler.echo)
            #expect(status == 1)
            #expect(api.reports.map(\.path) == (1...3).map { "invocation/r-\($0)/response" })
            #expect(log.last?["error"]?.string?.contains("500") == true)
        }

        @Test func `waits that break again and again are the end`() async throws {
            // libcurl asks again by itself on a kept connection; these are all new.
            let api = try RecordingRuntimeAPI(Array(repeating: .reset, count: 100))
            let (status, log) = try await runRuntime(api, ClosureHandler.echo)
            #expect(status == 1)
            #expect(api.requestsForNext == RuntimeLoop.reconnections + 1)
            #expect(log.last?["message"] == "the Runtime API is gone")
        }

        @Test func `an answer whose connection breaks is sent again`() async throws {
            let api = try RecordingRuntimeAPI(
                [.event(id: "r-1", headers: ["Connection: close"]), .event(id: "r-2")], answers: [.reset])
            _ = try await runRuntime(api, ClosureHandler { _, context in Array(context.requestID.utf8) })
            #expect(
                api.reports.map(\.path) == [
                    "invocation/r-1/response", "invocation/r-1/response", "invocation/r-2/response",
                ])
            #expect(api.reports.map(\.text) == ["r-1", "r-1", "r-2"])
        }

        @Test func `an error whose connection breaks is sent again`() async throws {
            let api = try RecordingRuntimeAPI(
                [.event(id: "r-1", headers: ["Connection: close"]), .event(id: "r-2")], answers: [.reset])
            _ = try await runRuntime(
                api,
                ClosureHandler { event, context in
                    if context.requestID == "r-1" { throw FunctionError(type: "T.T", message: "m") }
                    return event
                })
            #expect(
                api.reports.map(\.path) == [
                    "invocation/r-1/error", "invocation/r-1/error", "invocation/r-2/response",
                ])
        }

        @Test(arguments: [400, 410])
        func `an answer that had arrived after all is refused the second time, which harms nothing`(
            status: Int
        )
            async throws
        {
            let api = try RecordingRuntimeAPI(
                [.event(id: "r-1", headers: ["Connection: close"]), .event(id: "r-2")],
                answers: [.reset, .status(status)])
            let (_, log) = try await runRuntime(api, ClosureHandler.echo)
            #expect(api.reports.last?.path == "invocation/r-2/response")
            let line = log.first { $0["message"] == "answer not delivered" }
            #expect(line?["error"]?.string?.contains("\(status)") == true)
        }

        @Test func `an answer that cannot be sent at all is the end`() async throws {
            let api = try RecordingRuntimeAPI(
                [.event(id: "r-1"), .event(id: "r-2")], answers: Array(repeating: .reset, count: 9))
            let (status, log) = try await runRuntime(api, ClosureHandler.echo)
            #expect(status == 1)
            #expect(api.requestsForNext == 1)
            #expect(log.last?["message"] == "the Runtime API is gone")
        }
    }
}
