import JSON
import Telemetry
import Testing

@testable import LambdaRuntime

extension LambdaRuntimeTests {
    /// What fails, and what is said of it.
    @Suite struct Errors {
        // MARK: Errors

        @Test func `a handler's error is reported, and the loop goes on`() async throws {
            struct Broken: Error, CustomStringConvertible {
                var description: String { "S3 refused https://b/k?X-Amz-Signature=0123abcd" }
            }
            let api = try RecordingRuntimeAPI([.event(id: "r-1"), .event(id: "r-2"), .event(id: "r-3")])
            let (_, log) = try await runRuntime(
                api,
                ClosureHandler { event, context in
                    switch context.requestID {
                    case "r-1":
                        throw FunctionError(
                            type: "Event.Malformed", message: "no \"body\"", file: "M/F.swift", line: 7)
                    case "r-2": throw Broken()
                    default: return event
                    }
                })
            #expect(
                api.reports.map(\.path) == [
                    "invocation/r-1/error", "invocation/r-2/error", "invocation/r-3/response",
                ])
            #expect(api.reports.map(\.errorType) == ["Event.Malformed", "Function.Broken", nil])
            #expect(
                api.reports.map(\.text) == [
                    #"{"errorType":"Event.Malformed","errorMessage":"no \"body\"","stackTrace":["M/F.swift:7"]}"#,
                    #"{"errorType":"Function.Broken","errorMessage":"S3 refused https://b/k?X-Amz-Signature=[redacted]","stackTrace":[]}"#,
                    "{}",
                ])
            let failures = log.filter { $0["message"] == "invocation failed" }
            #expect(failures.map { $0["requestId"] } == ["r-1", "r-2"])
            #expect(failures.map { $0["level"] } == ["ERROR", "ERROR"])
        }

        @Test func `an error's type cannot break its header`() async throws {
            let api = try RecordingRuntimeAPI([.event(id: "r-1")])
            _ = try await runRuntime(
                api, ClosureHandler { _, _ in throw FunctionError(type: "A.\r\nX-Evil: é1", message: "m") })
            #expect(api.reports.map(\.errorType) == ["A.X-Evil:1"])
        }

        @Test func `a request id cannot leave its place in the path`() async throws {
            let api = try RecordingRuntimeAPI([.event(id: "../../init/error?a")])
            _ = try await runRuntime(api, ClosureHandler.echo)
            #expect(api.reports.map(\.path) == ["invocation/..%2F..%2Finit%2Ferror%3Fa/response"])
        }

        @Test func `a response that is too large becomes its invocation's error`() async throws {
            let api = try RecordingRuntimeAPI(
                [.event(id: "r-1"), .event(id: "r-2")], answers: [.status(413)])
            _ = try await runRuntime(api, ClosureHandler { _, _ in Array("too much".utf8) })
            #expect(
                api.reports.map(\.path) == [
                    "invocation/r-1/response", "invocation/r-1/error", "invocation/r-2/response",
                ])
            #expect(api.reports[1].errorType == "Function.ResponseSizeTooLarge")
            #expect(api.reports[1].text.contains("The response has 8 bytes"))
        }

        @Test(arguments: [400, 403, 404, 410, 429])
        func `an answer that is refused is logged, and the loop goes on`(refusal: Int) async throws {
            let api = try RecordingRuntimeAPI(
                [.event(id: "r-1"), .event(id: "r-2")], answers: [.status(refusal)])
            let (_, log) = try await runRuntime(api, ClosureHandler.echo)
            #expect(api.reports.map(\.path) == ["invocation/r-1/response", "invocation/r-2/response"])
            let line = log.first { $0["message"] == "answer not delivered" }
            #expect(line?["requestId"] == "r-1")
            #expect(line?["error"]?.string?.contains("\(refusal)") == true)
        }

        @Test func `500 from the container ends the process`() async throws {
            let api = try RecordingRuntimeAPI(
                [.event(id: "r-1"), .event(id: "r-2")], answers: [.status(500)])
            let (status, log) = try await runRuntime(api, ClosureHandler.echo)
            #expect(status == 1)
            #expect(api.requestsForNext == 1)
            #expect(log.last?["level"] == "FATAL")
        }

        @Test func `an event that is refused, or has no id, is not the end`() async throws {
            let api = try RecordingRuntimeAPI([
                .refusal(403, "{\"errorType\":\"InvalidState\"}"), .bare, .refusal(410, ""),
                .event(id: "r-1"),
            ])
            let (_, log) = try await runRuntime(api, ClosureHandler.echo)
            #expect(api.reports.map(\.path) == ["invocation/r-1/response"])
            #expect(log.count { $0["message"] == "no event" } == 3, "\(log.map(\.text))")
        }
    }
}
