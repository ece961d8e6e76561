import Glibc
import JSON
import Telemetry
import Testing
import Time

@testable import LambdaRuntime

extension LambdaRuntimeTests {
    /// What one invocation after another is given, and what comes of it.
    @Suite struct Invocations {
        // MARK: Invocations

        @Test func `an event is answered, and the next is asked for on the same connection`() async throws {
            let api = try RecordingRuntimeAPI([
                .event(id: "r-1", body: Array("one".utf8)), .event(id: "r-2", body: Array("two".utf8)),
            ])
            let (status, _) = try await runRuntime(api, ClosureHandler.echo)
            #expect(status == 1)
            #expect(api.reports.map(\.path) == ["invocation/r-1/response", "invocation/r-2/response"])
            #expect(api.reports.map(\.text) == ["one", "two"])
            #expect(api.reports.first?.contentType == "application/json")
            #expect(api.requestsForNext == 3)
            #expect(api.connectionCount == 1)
        }

        @Test func `the context is what the headers say`() async throws {
            let contexts = Collected<InvocationContext>()
            let api = try RecordingRuntimeAPI([
                .event(
                    id: "r-1",
                    headers: [
                        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:1:function:api:live",
                        "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
                        "Lambda-Runtime-Client-Context: {\"client\":{\"app_title\":\"t\"}}",
                        "Lambda-Runtime-Cognito-Identity: {\"cognitoIdentityId\":\"i\"}",
                        "Lambda-Runtime-Aws-Tenant-Id: t-1",
                    ]),
                .event(id: "r-2", headers: ["Lambda-Runtime-Client-Context: {broken"]),
            ])
            _ = try await runRuntime(
                api,
                ClosureHandler { event, context in
                    contexts.add(context)
                    return event
                })
            let context = try #require(contexts.all.first)
            #expect(context.requestID == "r-1")
            #expect(context.deadline == Timestamp(milliseconds: 4_102_444_800_000))
            #expect(context.remaining > .seconds(3600))
            #expect(context.functionARN == "arn:aws:lambda:us-east-1:1:function:api:live")
            #expect(context.traceID == "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1")
            #expect(context.clientContext?["client"]?["app_title"] == "t")
            #expect(context.cognitoIdentity?["cognitoIdentityId"] == "i")
            #expect(context.tenantID == "t-1")
            let plain = try #require(contexts.all.last)
            #expect(plain.functionARN == "")
            #expect(plain.clientContext == nil)
            #expect(plain.cognitoIdentity == nil)
            #expect(plain.tenantID == nil)
            #expect(plain.traceID == nil)
        }

        @Test func `a deadline that has passed leaves nothing`() {
            let context = InvocationContext(requestID: "r", deadline: Timestamp(milliseconds: 1))
            #expect(context.remaining == .zero)
        }

        @Test func `the trace id is in the environment while its invocation runs`() async throws {
            let seen = Collected<String?>()
            let api = try RecordingRuntimeAPI([
                .event(id: "r-1", headers: ["Lambda-Runtime-Trace-Id: Root=1-a"]), .event(id: "r-2"),
            ])
            _ = try await runRuntime(
                api,
                ClosureHandler { event, _ in
                    seen.add(unsafe getenv("_X_AMZN_TRACE_ID").map { unsafe String(cString: $0) })
                    return event
                })
            #expect(seen.all == ["Root=1-a", nil])
        }

        @Test func `an invocation id is echoed`() async throws {
            let api = try RecordingRuntimeAPI([
                .event(id: "r-1", headers: ["Lambda-Runtime-Invocation-Id: i-1"]), .event(id: "r-2"),
                .event(id: "r-3", headers: ["Lambda-Runtime-Invocation-Id: i-3"]),
            ])
            _ = try await runRuntime(
                api,
                ClosureHandler { event, context in
                    if context.requestID == "r-3" { throw FunctionError(type: "T.T", message: "") }
                    return event
                })
            #expect(api.reports.map(\.invocationID) == ["i-1", nil, "i-3"])
        }

        @Test func `what a handler logs carries the invocation's ids`() async throws {
            let api = try RecordingRuntimeAPI([
                .event(
                    id: "r-1",
                    headers: ["Lambda-Runtime-Aws-Tenant-Id: t-1", "Lambda-Runtime-Trace-Id: Root=1-a"])
            ])
            let (_, log) = try await runRuntime(
                api,
                ClosureHandler { event, _ in
                    Log.info("inside")
                    return event
                })
            let line = log.first { $0["message"] == "inside" }
            #expect(line?["requestId"] == "r-1")
            #expect(line?["tenantId"] == "t-1")
            #expect(line?["traceId"] == "Root=1-a")
            #expect(log.last?["requestId"] == nil)
        }

        @Test func `large, chunked and cut events arrive as they are`() async throws {
            let sizes = Collected<Int>()
            let large = [UInt8](repeating: UInt8(ascii: "x"), count: 6_291_556)
            let api = try RecordingRuntimeAPI([
                .event(id: "r-1", body: large), .chunked(id: "r-2", ["{\"a\":", "1}"]),
                .event(id: "r-3", body: []),
                .event(id: "r-4", body: Array("{\"cut".utf8)),
            ])
            _ = try await runRuntime(
                api,
                ClosureHandler { event, context in
                    sizes.add(event.count)
                    if context.requestID == "r-4" { _ = try LambdaEvent(decoding: event) }
                    return event
                })
            #expect(sizes.all == [6_291_556, 7, 0, 5])
            #expect(api.reports.map(\.size).prefix(3) == [6_291_556, 7, 0])
            #expect(api.reports.last?.path == "invocation/r-4/error")
            #expect(api.reports.last?.text.contains("the event is no JSON") == true)
        }
    }
}
