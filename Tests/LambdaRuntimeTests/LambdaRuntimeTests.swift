import Glibc
import HTTP
import JSON
import Telemetry
import Testing
import Time

@testable import LambdaRuntime

/// One after another: `_X_AMZN_TRACE_ID` is the process's.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LambdaRuntimeTests {
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

    // MARK: Events

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

    @Test func `a connection that is closed after each answer costs no answer`() async throws {
        let api = try RecordingRuntimeAPI([
            .event(id: "r-1", headers: ["Connection: close"]),
            .event(id: "r-2", headers: ["Connection: close"]),
        ])
        _ = try await runRuntime(api, ClosureHandler.echo)
        #expect(api.reports.map(\.path) == ["invocation/r-1/response", "invocation/r-2/response"])
    }

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
                case "r-1": throw FunctionError(type: "Event.Malformed", message: "no \"body\"")
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
                #"{"errorType":"Event.Malformed","errorMessage":"no \"body\"","stackTrace":[]}"#,
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
        let api = try RecordingRuntimeAPI([.event(id: "r-1"), .event(id: "r-2")], statuses: [413])
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
        let api = try RecordingRuntimeAPI([.event(id: "r-1"), .event(id: "r-2")], statuses: [refusal])
        let (_, log) = try await runRuntime(api, ClosureHandler.echo)
        #expect(api.reports.map(\.path) == ["invocation/r-1/response", "invocation/r-2/response"])
        let line = log.first { $0["message"] == "answer not delivered" }
        #expect(line?["requestId"] == "r-1")
        #expect(line?["error"]?.string?.contains("\(refusal)") == true)
    }

    @Test func `500 from the container ends the process`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1"), .event(id: "r-2")], statuses: [500])
        let (status, log) = try await runRuntime(api, ClosureHandler.echo)
        #expect(status == 1)
        #expect(api.requestsForNext == 1)
        #expect(log.last?["level"] == "FATAL")
    }

    @Test func `an event that is refused, or has no id, is not the end`() async throws {
        let api = try RecordingRuntimeAPI([
            .refusal(403, "{\"errorType\":\"InvalidState\"}"), .bare, .refusal(410, ""), .event(id: "r-1"),
        ])
        let (_, log) = try await runRuntime(api, ClosureHandler.echo)
        #expect(api.reports.map(\.path) == ["invocation/r-1/response"])
        #expect(log.count { $0["message"] == "no event" } == 3)
    }

    // MARK: Init

    @Test func `an init error is reported, and nothing is asked for`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1")])
        let (status, log) = try await runRuntime(["AWS_LAMBDA_RUNTIME_API": api.address]) {
            throw FunctionError(type: "Init.Configuration", message: "TABLE_NAME is not set")
        }
        #expect(status == 1)
        #expect(api.reports.map(\.path) == ["init/error"])
        #expect(api.reports.first?.errorType == "Init.Configuration")
        #expect(
            api.reports.first?.text
                == #"{"errorType":"Init.Configuration","errorMessage":"TABLE_NAME is not set","stackTrace":[]}"#
        )
        #expect(api.requestsForNext == 0)
        #expect(log.last?["level"] == "FATAL")
    }

    @Test(arguments: ["0", "-1", "many", "1001", "9223372036854775807", "1.5"])
    func `a concurrency that is none is an init error`(text: String) async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1")])
        let (status, _) = try await runRuntime(
            api, environment: ["AWS_LAMBDA_MAX_CONCURRENCY": text], ClosureHandler.echo)
        #expect(status == 1)
        #expect(api.reports.map(\.errorType) == ["Runtime.InvalidEnvironment"])
        #expect(
            api.reports.first?.text.contains(
                "AWS_LAMBDA_MAX_CONCURRENCY is '\(text)'; expected a whole number from 1 to 1000") == true)
    }

    @Test(arguments: [nil, "", "no address", "127.0.0.1:99999"])
    func `without a Runtime API there is nothing to run`(address: String?) async throws {
        var environment: [String: String] = [:]
        environment["AWS_LAMBDA_RUNTIME_API"] = address
        let (status, log) = try await runRuntime(environment) {
            Issue.record("a handler was made")
            return ClosureHandler.echo
        }
        #expect(status == 1)
        #expect(
            log.last?["message"]?.string?.hasPrefix("AWS_LAMBDA_RUNTIME_API is not set to a host and port")
                == true)
    }

    @Test func `a Runtime API that does not answer is a lost one`() async throws {
        // A port that was just given back: nobody listens there.
        let port = try RecordingRuntimeAPI([]).address
        let (status, log) = try await runRuntime(["AWS_LAMBDA_RUNTIME_API": port]) { ClosureHandler.echo }
        #expect(status == 1)
        #expect(log.last?["message"] == "the Runtime API is gone")
    }

    @Test func `level and format of the log are the environment's`() async throws {
        let lines = Collected<[UInt8]>()
        let api = try RecordingRuntimeAPI([.event(id: "r-1")])
        try await Log.withSink(lines.add) {
            _ = try await withLoop { loop in
                await LambdaRuntime.run(
                    on: loop,
                    environment: [
                        "AWS_LAMBDA_RUNTIME_API": api.address, "AWS_LAMBDA_LOG_LEVEL": "WARN",
                        "AWS_LAMBDA_LOG_FORMAT": "Text",
                    ]
                ) {
                    ClosureHandler { event, _ in
                        Log.info("not this")
                        Log.warn("but this")
                        return event
                    }
                }
            }
        }
        let texts = lines.all.map { String(decoding: $0.dropFirst(24), as: UTF8.self) }
        #expect(texts.first == " WARN r-1 but this\n")
        #expect(texts.last?.hasPrefix(" FATAL the Runtime API is gone") == true)
    }

    // MARK: Concurrency

    @Test func `N invocations run at once, each with its own ids`() async throws {
        let steps = (1...8).map { RecordingRuntimeAPI.Step.event(id: "r-\($0)", body: Array("\($0)".utf8)) }
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

    // MARK: Termination

    /// Serves on a loop of its own; `during` is told how to say SIGTERM.
    private func serve(
        _ api: RecordingRuntimeAPI,
        _ makeHandler: @escaping @Sendable (EventLoop, @escaping @Sendable () -> Void) -> ClosureHandler,
        when ready: @escaping @Sendable (EventLoop) async throws -> Void = { _ in }, terminatesItself: Bool
    ) async throws -> Int32 {
        let lines = Collected<[UInt8]>()
        let address = api.address
        return try await Log.withSink(lines.add) {
            try await withLoop { loop in
                var configuration = HTTPClient.Configuration()
                configuration.proxies = ProxySettings()
                let http = HTTPClient(loop: loop, configuration: configuration)
                let client = try #require(RuntimeAPIClient(http: http, address: address))
                let action = Collected<@Sendable () -> Void>()
                let handler = makeHandler(loop) { for terminate in action.all { terminate() } }
                if !terminatesItself {
                    loop.task {
                        try await ready(loop)
                        for terminate in action.all { terminate() }
                    }
                }
                return await LambdaRuntime.serve(client, handler, concurrency: 1, on: loop) { action.add($0) }
            }
        }
    }

    @Test func `SIGTERM while idle ends at once`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1"), .silence])
        let status = try await serve(
            api, { _, _ in .echo },
            when: { loop in while api.requestsForNext < 2 { try await loop.sleep(for: .milliseconds(5)) } },
            terminatesItself: false)
        #expect(status == 0)
        #expect(api.reports.map(\.path) == ["invocation/r-1/response"])
    }

    @Test func `SIGTERM lets the running invocation end, and takes no other`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1"), .event(id: "r-2")])
        let status = try await serve(
            api,
            { loop, terminate in
                ClosureHandler { event, _ in
                    terminate()
                    try await loop.sleep(for: .milliseconds(20))
                    return event
                }
            }, terminatesItself: true)
        #expect(status == 0)
        #expect(api.reports.map(\.path) == ["invocation/r-1/response"])
        #expect(api.requestsForNext == 1)
    }

    @Test func `SIGTERM does not wait for ever`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1")])
        let status = try await serve(
            api,
            { loop, terminate in
                ClosureHandler { event, _ in
                    terminate()
                    try await loop.sleep(for: .seconds(3600))
                    return event
                }
            }, terminatesItself: true)
        #expect(status == 0)
        #expect(api.reports.isEmpty)
    }
}
