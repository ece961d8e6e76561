import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing
import Time

@testable import Handlers

/// `RATE_LIMIT_FAIL`, from the request to the job, with a table that does not take one kind of counter.
@Suite(.timeLimit(.minutes(1)))
struct CounterFailureTests {
    @Test(arguments: ["LIMIT#", "QUOTA#"], AccessConfiguration.CounterFailure.allCases)
    func whatCannotBeCountedIsRefusedOrLetThrough(
        _ counter: String, _ failure: AccessConfiguration.CounterFailure
    )
        async throws
    {
        let local = try await LocalAWS.sharedWithoutSignatures()
        let port = try #require(local.endpoint.split(separator: ":").last.flatMap { Int($0) })
        let proxy = try CallProxy(to: port, isComfyUI: false, caller: "api") { call, moment in
            guard moment == .before, call.operation == "UpdateItem",
                String(decoding: call.request.body, as: UTF8.self).contains(counter)
            else { return .pass }
            return .answer(
                400, headers: ["Content-Type: application/x-amz-json-1.0"],
                body: #"{"__type":"ValidationException","message":"no"}"#)
        }
        defer { proxy.stop() }
        let environment = AccessBench.environment.merging(["RATE_LIMIT_FAIL": failure.rawValue]) { $1 }
        let deployment = try await Deployment.make(on: testLoop, environment, endpoint: proxy.address)
        let bench = AccessBench(stack: try await LocalStack(deployment))
        let answer = await bench.send(
            .post, "/v1/generate", ["prompt": "x"], token: bench.foreignToken("alice"))
        #expect(answer.status == (failure == .closed ? 503 : 202))
        if failure == .closed {
            #expect(answer.code == "SERVICE_UNAVAILABLE")
            #expect(answer.headers["Retry-After"] != nil)
            #expect(!(try await bench.wholeTable()).contains("JOB#"))
        } else {
            let id = try #require((answer.json?["job_id"]?.string).flatMap { Job.ID($0) })
            let charge = try await bench.services.store.job(id)?.charge
            #expect((charge == nil) == (counter == "QUOTA#"))
        }
    }
}
