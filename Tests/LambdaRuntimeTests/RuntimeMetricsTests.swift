import JSON
import LambdaRuntime
import Telemetry
import Testing

/// The metrics that the runtime writes by itself.
@Suite(.timeLimit(.minutes(1))) struct RuntimeMetricsTests {
    private let environment = ["AWS_EMF_NAMESPACE": "test", "AWS_LAMBDA_FUNCTION_NAME": "f"]

    @Test func `every invocation has its duration and its errors, the first its cold start`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1"), .event(id: "r-2"), .event(id: "r-3")])
        let (_, log) = try await runRuntime(
            api, environment: environment,
            ClosureHandler { event, context in
                if context.requestID == "r-2" { throw FunctionError(type: "Test.Thrown", message: "no") }
                Metrics.add("Own", 1, .count)
                return event
            })
        let metrics = log.filter { $0["_aws"] != nil }
        #expect(metrics.map { $0["requestId"] } == ["r-1", "r-2", "r-3"])
        #expect(metrics.map { $0["FunctionName"] } == ["f", "f", "f"])
        #expect(metrics.map { $0["ColdStart"] } == [1, nil, nil])
        #expect(metrics.map { $0["Errors"] } == [0, 1, 0])
        #expect(metrics.map { $0["Own"] } == [1, nil, 1])
        #expect(metrics.allSatisfy { ($0["HandlerDuration"]?.double ?? -1) >= 0 })
    }

    @Test func `an answer that is too large or is not taken is an error`() async throws {
        let api = try RecordingRuntimeAPI(
            [.event(id: "r-1"), .event(id: "r-2"), .event(id: "r-3")],
            answers: [.status(413), .status(202), .status(403), .status(202)])
        let (_, log) = try await runRuntime(api, environment: environment, ClosureHandler.echo)
        #expect(log.compactMap { $0["Errors"]?.int } == [1, 1, 0])
    }

    @Test func `without a namespace there is no line`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1")])
        let (_, log) = try await runRuntime(
            api, environment: ["AWS_EMF_NAMESPACE": ""], ClosureHandler.echo)
        #expect(log.count { $0["_aws"] != nil } == 0)
    }

    @Test func `a namespace that is none is an init error`() async throws {
        let api = try RecordingRuntimeAPI([.event(id: "r-1")])
        let (status, _) = try await runRuntime(
            api, environment: ["AWS_EMF_NAMESPACE": "AWS/Lambda"], ClosureHandler.echo)
        #expect(status == 1)
        #expect(api.reports.map(\.errorType) == ["Runtime.InvalidEnvironment"])
        #expect(api.reports.first?.text.contains("AWS_EMF_NAMESPACE") == true)
        #expect(api.requestsForNext == 0)
    }
}
