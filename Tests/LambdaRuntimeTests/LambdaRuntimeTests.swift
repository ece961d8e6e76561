import JSON
import Telemetry
import Testing

@testable import LambdaRuntime

/// One after another: `_X_AMZN_TRACE_ID` is the process's.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LambdaRuntimeTests {
    @Test func `an init error is reported, and nothing is asked for`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1")])
        let (status, log) = try await runRuntime(["AWS_LAMBDA_RUNTIME_API": api.address]) {
            throw FunctionError(
                type: "Init.Configuration", message: "TABLE_NAME is not set", file: "M/F.swift", line: 7)
        }
        #expect(status == 1)
        #expect(api.reports.map(\.path) == ["init/error"])
        #expect(api.reports.first?.errorType == "Init.Configuration")
        #expect(
            api.reports.first?.text
                == #"{"errorType":"Init.Configuration","errorMessage":"TABLE_NAME is not set","stackTrace":["M/F.swift:7"]}"#
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
}
