import Crypto
import HTTP
import JSON
import Synchronization
import Telemetry
import TestSupport
import Testing
import Time

@testable import LambdaRuntime

extension LambdaRuntimeTests {
    /// Responses piece by piece: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
    @Suite struct Streaming {
        @Test func `pieces go out in order, chunked, in streaming mode`() async throws {
            let api = try RecordingRuntimeAPI([
                .event(id: "r-1", headers: ["Lambda-Runtime-Invocation-Id: i-1"]), .event(id: "r-2"),
            ])
            let (status, log) = try await runRuntime(
                api,
                ClosureStreamingHandler { event, context, response in
                    try await response.write("one ")
                    try await response.write([])
                    try await response.write(Array("two".utf8))
                    Log.info("inside \(InvocationContext.current?.requestID ?? "none")")
                })
            #expect(status == 1)
            #expect(api.reports.map(\.path) == ["invocation/r-1/response", "invocation/r-2/response"])
            let request = try #require(api.reports.first?.request)
            #expect(request.body == Array("one two".utf8))
            #expect(request.header("lambda-runtime-function-response-mode") == "streaming")
            #expect(request.header("transfer-encoding") == "chunked")
            #expect(request.header("content-type") == "application/octet-stream")
            #expect(
                request.header("trailer")
                    == "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
            #expect(request.trailers == [])
            #expect(api.reports.map(\.invocationID) == ["i-1", nil])
            #expect(log.filter { $0["message"] == "inside r-1" }.map { $0["requestId"] } == ["r-1"])
        }

        @Test func `an HTTP response begins with its prelude and eight NUL bytes`() async throws {
            let api = try RecordingRuntimeAPI([.event(id: "r-1")])
            _ = try await runRuntime(
                api,
                ClosureStreamingHandler { _, _, response in
                    try await response.begin(
                        status: 201, headers: ["X-A": "1", "x-a": "2", "Set-Cookie": "b=1"],
                        cookies: ["a=2; Secure"])
                    try await response.write("hello")
                })
            let request = try #require(api.reports.first?.request)
            #expect(request.header("content-type") == "application/vnd.awslambda.http-integration-response")
            let prelude = #"{"statusCode":201,"headers":{"X-A":"1, 2"},"cookies":["b=1","a=2; Secure"]}"#
            #expect(request.body == Array(prelude.utf8) + [0, 0, 0, 0, 0, 0, 0, 0] + Array("hello".utf8))
        }

        @Test func `a failure midway ends the response with its type and document in trailers`() async throws
        {
            let api = try RecordingRuntimeAPI([
                .event(id: "r-1", headers: ["Lambda-Runtime-Invocation-Id: i-1"]), .event(id: "r-2"),
            ])
            let (_, log) = try await runRuntime(
                api,
                ClosureStreamingHandler { _, context, response in
                    try await response.write("begun")
                    if context.requestID == "r-1" {
                        throw FunctionError(type: "Worker.Lost", message: "gone — “now”")
                    }
                })
            #expect(api.reports.map(\.path) == ["invocation/r-1/response", "invocation/r-2/response"])
            let request = try #require(api.reports.first?.request)
            #expect(request.body == Array("begun".utf8))
            #expect(request.trailers.first == "Lambda-Runtime-Function-Error-Type: Worker.Lost")
            let prefix = "Lambda-Runtime-Function-Error-Body: "
            let encoded = try #require(request.trailers.last)
            #expect(encoded.hasPrefix(prefix))
            let document = try JSON(
                parsing: try #require(Base64.decode(String(encoded.dropFirst(prefix.count)))))
            #expect(document["errorType"] == "Worker.Lost")
            #expect(document["errorMessage"] == "gone — “now”")
            #expect(document["stackTrace"]?.array?.count == 1)
            #expect(api.reports.last?.request.trailers == [])
            #expect(
                log.contains {
                    $0["message"] == "invocation failed midway" && $0["errorType"] == "Worker.Lost"
                })
        }

        @Test func `a failure before the first byte is an ordinary error`() async throws {
            let api = try RecordingRuntimeAPI([.event(id: "r-1"), .event(id: "r-2")])
            _ = try await runRuntime(
                api,
                ClosureStreamingHandler { _, context, response in
                    if context.requestID == "r-1" { throw FunctionError(type: "T.Early", message: "m") }
                    try await response.write("fine")
                })
            #expect(api.reports.map(\.path) == ["invocation/r-1/error", "invocation/r-2/response"])
            #expect(api.reports.first?.errorType == "T.Early")
        }

        @Test func `a handler that writes nothing gives an empty response`() async throws {
            let api = try RecordingRuntimeAPI([.event(id: "r-1"), .event(id: "r-2")])
            _ = try await runRuntime(api, ClosureStreamingHandler { _, _, _ in })
            #expect(api.reports.map(\.path) == ["invocation/r-1/response", "invocation/r-2/response"])
            #expect(api.reports.map(\.size) == [0, 0])
        }

        @Test func `a response begins once`() async throws {
            let api = try RecordingRuntimeAPI([.event(id: "r-1")])
            let errors = Collected<String>()
            _ = try await runRuntime(
                api,
                ClosureStreamingHandler { _, _, response in
                    try await response.write("a")
                    do { try await response.begin(status: 200) } catch { errors.add("\(error)") }
                })
            #expect(errors.all == ["the response has begun already"])
        }

        @Test func `a time-out midway is in the trailers, also of a handler that ignores it`() async throws {
            for ignores in [false, true] {
                // The handler must come to its sleep within this, also under a sanitizer on a busy machine.
                let api = try RecordingRuntimeAPI([.timed(id: "r-1", .seconds(2)), .event(id: "r-2")])
                let (_, log) = try await runRuntime(
                    api,
                    ClosureStreamingHandler { _, context, response in
                        try await response.write("begun")
                        guard context.requestID == "r-1", let loop = EventLoop.current else { return }
                        if ignores {
                            _ = try await loop.task { try await loop.sleep(for: .seconds(30)) }.value
                        } else {
                            try await loop.sleep(for: .seconds(30))
                        }
                    })
                #expect(
                    api.reports.first?.request.trailers.first
                        == "Lambda-Runtime-Function-Error-Type: Runtime.Timeout")
                #expect(api.reports.count == (ignores ? 1 : 2))
                #expect(log.contains { $0["message"] == "the process ends" } == ignores)
            }
        }

        @Test func `tests can have the whole of a streamed response`() async throws {
            let handler = ClosureStreamingHandler { event, _, response in
                try await response.begin(contentType: "text/plain")
                try await response.write(event)
                try await response.write("!")
            }
            let context = InvocationContext(requestID: "r", deadline: .now + .seconds(3))
            #expect(try await handler.handle(Array("hi".utf8), context) == Array("hi!".utf8))
        }
    }
}
