import JSON
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct LambdaTests {
    @Test func aFunctionAnswers() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], #"{"ok":true}"#) }
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
        let answer = try await Lambda(server.client()).invoke(arn, Array("{}".utf8), qualifier: "live+1")
        #expect(String(decoding: answer, as: UTF8.self) == #"{"ok":true}"#)
        let request = try #require(server.requests.first)
        // Sent encoded once, signed encoded twice: the server recomputes it.
        #expect(
            request.target
                == "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Af/invocations"
                + "?Qualifier=live%2B1")
        #expect(request.method == "POST")
        #expect(request.headers["x-amz-invocation-type"] == "RequestResponse")
        #expect(request.text == "{}")
    }

    @Test func anEventIsQueued() async throws {
        let server = try StrictServer { _, _ in .answer(202) }
        try await Lambda(server.client()).invokeAsEvent("f", Array("1".utf8))
        #expect(server.requests.first?.headers["x-amz-invocation-type"] == "Event")
        #expect(server.requests.first?.path == "/2015-03-31/functions/f/invocations")
    }

    @Test func aFunctionThatFailedIsAnErrorAndIsNotRunAgain() async throws {
        let server = try StrictServer { _, _ in
            .answer(
                200, ["X-Amz-Function-Error": "Unhandled"],
                #"{"errorType":"ValueError","errorMessage":"no such seed","stackTrace":["a"]}"#)
        }
        let lambda = Lambda(try server.client())
        let error = await #expect(throws: AWSError.self) { try await lambda.invoke("f", []) }
        #expect(error?.code == .functionFailed)
        #expect(error?.message == "ValueError: no such seed")
        #expect(error?.functionErrorPayload?["stackTrace"] == ["a"])
        #expect(server.requests.count == 1)
    }

    @Test func aFailureWithoutJSONKeepsItsKind() async throws {
        let server = try StrictServer { _, _ in .answer(200, ["X-Amz-Function-Error": "Unhandled"], "oops") }
        let lambda = Lambda(try server.client())
        let error = await #expect(throws: AWSError.self) { try await lambda.invoke("f", []) }
        #expect(error?.message == "Unhandled")
        #expect(error?.functionErrorPayload == nil)
    }

    @Test func aThrottledInvocationIsRetried() async throws {
        let server = try StrictServer { _, number in
            number == 0
                ? .answer(
                    429, ["x-amzn-ErrorType": "TooManyRequestsException"],
                    #"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}"#)
                : .answer(200, [:], "1")
        }
        let clock = FakeClock()
        #expect(try await Lambda(server.client(clock: clock)).invoke("f", []) == Array("1".utf8))
        #expect(clock.sleeps == [.milliseconds(500)])
    }

    @Test func aFunctionsVariablesAreRead() async throws {
        let server = try StrictServer { _, _ in
            .answer(200, [:], #"{"FunctionName":"f","Environment":{"Variables":{"TABLE_NAME":"t","A":""}}}"#)
        }
        let variables = try await Lambda(server.client()).environment(of: "f", qualifier: "live")
        #expect(variables == ["TABLE_NAME": "t", "A": ""])
        let request = try #require(server.requests.first)
        #expect(request.method == "GET")
        #expect(request.target == "/2015-03-31/functions/f/configuration?Qualifier=live")
        let none = try StrictServer { _, _ in .answer(200, [:], #"{"FunctionName":"f"}"#) }
        #expect(try await Lambda(none.client()).environment(of: "f") == [:])
    }

    @Test func variablesThatLambdaCannotDecryptAreAnError() async throws {
        let server = try StrictServer { _, _ in
            .answer(
                200, [:],
                #"{"Environment":{"Error":{"ErrorCode":"AccessDeniedException","Message":"no kms:Decrypt"}}}"#
            )
        }
        let lambda = Lambda(try server.client())
        let error = await #expect(throws: AWSError.self) { try await lambda.environment(of: "f") }
        #expect(error?.code == .unreadableEnvironment)
        #expect(error?.message == "no kms:Decrypt")
        #expect(server.requests.count == 1)
    }
}
