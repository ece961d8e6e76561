import HTTP
import JSON
import Testing

@testable import comfy_lambda

/// The Runtime API, the process behind it, and the pool of both, with a runtime that does what it is told.
@Suite(.timeLimit(.minutes(1))) struct LocalFunctionTests {
    @Test func anEventGoesInAndItsAnswerComesOut() async throws {
        let answer = try await ScriptedFunction.with { function, _ in
            try await function.answer(to: ["n": 18_446_744_073_709])
        }
        #expect(answer == ["n": 18_446_744_073_709])
    }

    @Test func theProcessSeesLambdasVariablesAndItsOwnOnly() async throws {
        let answer = try await ScriptedFunction.with(
            environment: ["TABLE_NAME": "t", "AWS_REGION": "eu-west-1", "_HANDLER": "forged"]
        ) { function, _ in
            try await function.answer(to: ["do": "env"])
        }
        let variables = answer["env"]
        #expect(variables?["TABLE_NAME"] == "t")
        #expect(variables?["_HANDLER"] == "api")
        #expect(variables?["AWS_REGION"] == "eu-west-1")
        #expect(variables?["AWS_DEFAULT_REGION"] == "eu-west-1")
        #expect(variables?["AWS_LAMBDA_FUNCTION_NAME"] == "comfy-lambda-api")
        #expect(variables?["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512")
        #expect(variables?["HOME"] == nil)
    }

    @Test func theHeadersSayWhatTheInvocationIs() async throws {
        let answer = try await ScriptedFunction.with(timeout: .seconds(30)) { function, _ in
            try await function.answer(to: ["do": "env"])
        }
        let headers = answer["headers"]
        #expect(headers?["lambda-runtime-aws-request-id"]?.string?.count == 36)
        #expect(
            headers?["lambda-runtime-invoked-function-arn"]
                == "arn:aws:lambda:us-east-1:123456789012:function:comfy-lambda-api")
        #expect(headers?["lambda-runtime-trace-id"]?.string?.hasPrefix("Root=1-") == true)
        #expect(headers?["lambda-runtime-deadline-ms"]?.string.flatMap { Int($0) } ?? 0 > 1_700_000_000_000)
    }

    @Test func aWarmProcessTakesTheNextInvocation() async throws {
        let (first, second) = try await ScriptedFunction.with { function, _ in
            let first = try await function.answer(to: ["do": "pid"])
            return (first, try await function.answer(to: ["do": "pid"]))
        }
        #expect(first == second)
    }

    @Test func anErrorIsTheFunctionsAndTheProcessLives() async throws {
        let (failure, before, after) = try await ScriptedFunction.with { function, _ in
            let before = try await function.answer(to: ["do": "pid"])
            let failure = try await function.failure(of: ["do": "raise"])
            return (failure, before, try await function.answer(to: ["do": "pid"]))
        }
        #expect(failure?.type == "Test.Raised")
        #expect(failure?.message == "as asked")
        #expect(before == after)
    }

    @Test(arguments: [
        (0, "Runtime exited without providing a reason"), (3, "Runtime exited with error: exit status 3"),
    ])
    func aCrashFailsItsInvocationAndTheNextGetsANewProcess(status: Int, reason: String) async throws {
        let (before, failure, after) = try await ScriptedFunction.with { function, _ in
            let before = try await function.answer(to: ["do": "pid"])
            let failure = try await function.failure(of: ["do": "exit", "status": .number(status)])
            return (before, failure, try await function.answer(to: ["do": "pid"]))
        }
        #expect(failure?.type == "Runtime.ExitError")
        #expect(failure?.message.hasPrefix("RequestId: ") == true)
        #expect(failure?.message.hasSuffix(" Error: \(reason)") == true)
        #expect(before != after)
    }

    @Test func timeIsUpAndTheNextGetsANewProcess() async throws {
        let (before, failure, after) = try await ScriptedFunction.with(timeout: .milliseconds(1500)) {
            function, _ in
            let before = try await function.answer(to: ["do": "pid"])
            let failure = try await function.failure(of: ["do": "hang"])
            return (before, failure, try await function.answer(to: ["do": "pid"]))
        }
        #expect(failure?.type == "Sandbox.Timedout")
        #expect(failure?.message.hasSuffix(" Error: Task timed out after 1.50 seconds") == true)
        #expect(before != after)
    }

    @Test(arguments: [
        ("error", "Init.Error", "TABLE_NAME is not set"),
        ("exit", "Runtime.ExitError", "Runtime exited with error: exit status 7"),
    ])
    func whoCannotStartFailsEachInvocation(kind: String, type: String, message: String) async throws {
        let failures = try await ScriptedFunction.with(environment: ["INIT": kind]) { function, _ in
            [try await function.failure(of: [:]), try await function.failure(of: [:])]
        }
        for failure in failures {
            #expect(failure?.type == type)
            #expect(failure?.message.hasSuffix(message) == true)
        }
    }

    @Test func invocationsAtOnceGetAProcessEach() async throws {
        let processes = try await ScriptedFunction.with { function, _ in
            try await withThrowingTaskGroup { group in
                // Slow enough that all four overlap.
                for _ in 0..<4 {
                    group.addTask { try await function.answer(to: ["do": "slow", "seconds": 0.5]) }
                }
                return try await group.reduce(into: Set<JSON>()) { $0.insert($1) }
            }
        }
        #expect(processes.count == 4)
    }

    @Test func overTheLimitInvocationsWaitTheirTurn() async throws {
        let processes = try await ScriptedFunction.with(concurrency: 2) { function, _ in
            try await withThrowingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await function.answer(to: ["do": "pid"]) } }
                return try await group.reduce(into: [JSON]()) { $0.append($1) }
            }
        }
        #expect(processes.count == 8)
        #expect(Set(processes).count <= 2)
    }

    @Test func anAnswerOverTheLimitIsAFunctionErrorAndTheLoopGoesOn() async throws {
        let (failure, line, answer) = try await ScriptedFunction.with { function, _ in
            let failure = try await function.failure(of: ["do": "big", "bytes": 6_291_556])
            let line = try await function.lines.first(with: "big")
            return (failure, line, try await function.answer(to: ["still": "here"]))
        }
        #expect(failure?.type == "Function.ResponseSizeTooLarge")
        #expect(line == #"{"big": 413}"#)
        #expect(answer == ["still": "here"])
    }

    @Test func theLargestAnswerPasses() async throws {
        let outcome = try await ScriptedFunction.with { function, _ in
            try await function.invoke(["do": "big", "bytes": 6_291_554])
        }
        #expect(outcome.payload.count == 6_291_556)
    }

    @Test func aSecondAnswerIsRefused() async throws {
        let line = try await ScriptedFunction.with { function, _ in
            _ = try await function.answer(to: ["do": "twice"])
            return try await function.lines.first(with: "second")
        }
        #expect(
            line
                == #"{"second": 400, "body": {"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"}}"#
        )
    }

    @Test func whoAsksForTheNextWithoutAnAnswerFailedTheLast() async throws {
        let (failure, answer) = try await ScriptedFunction.with { function, _ in
            (try await function.failure(of: ["do": "skip"]), try await function.answer(to: ["a": 1]))
        }
        #expect(failure?.type == "Runtime.InvalidResponse")
        #expect(answer == ["a": 1])
    }

    @Test func bytesThatAreNoJSONArriveAsTheyAre() async throws {
        let outcome = try await ScriptedFunction.with { function, _ in
            try await function.function.invoke(Array("{broken".utf8))
        }
        #expect(outcome == .response(Array(#"{"no": "json"}"#.utf8)))
    }

    @Test func aProgramThatCannotRunIsASentence() async throws {
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let function = LocalFunction(
            FunctionDefinition(
                handler: "api", environment: [:], timeout: .seconds(1), bootstrap: "/no/such/bootstrap"),
            children: Children(on: loop)
        ) { _ in }
        await #expect(throws: CommandFailure("cannot run /no/such/bootstrap: No such file or directory")) {
            try await loop.task { try await function.invoke([]) }.value
        }
    }
}
