import HTTP
import JSON
import TestSupport
import Testing

/// The runtime under AWS's own emulator, as an ordinary function: one invocation at a time.
@Suite(.timeLimit(.minutes(1))) struct EmulatorTests {
    private func start(
        _ handler: String, environment: [String: String] = [:], timeout: Int = 10
    ) async throws -> Emulator {
        try await Emulator(
            [BuiltProgram.path("TestFunctions")], handler: handler, environment: environment, timeout: timeout
        )
    }

    @Test func `an event comes back byte for byte`() async throws {
        let emulator = try await start("echo")
        for event in ["{\"a\":1}", "\"\u{0}é\\n\"", "no JSON at all", ""] {
            let answer = try await emulator.invoke(event)
            #expect(answer.status == 200)
            #expect(answer.text == event)
        }
    }

    /// The emulator cuts a larger event at 6,291,556 bytes without a word, so that no JSON is left.
    @Test(arguments: [6 << 20, 6_291_556, 7_000_000])
    func `an event of 6 MB and one that was cut come back`(size: Int) async throws {
        let emulator = try await start("echo")
        let answer = try await emulator.invoke([UInt8](repeating: UInt8(ascii: "7"), count: size))
        #expect(answer.status == 200)
        #expect(answer.body.count == min(size, 6_291_556))
        #expect(try await emulator.invoke("1").text == "1")
    }

    @Test func `a handler that throws gives an error document, and the loop goes on`() async throws {
        let emulator = try await start("fallible")
        for _ in 0..<3 {
            let failed = try await emulator.invoke(#""throw""#)
            #expect(failed.status == 200)
            let document = try JSON(parsing: failed.body)
            #expect(document["errorType"] == "Test.Thrown")
            #expect(document["errorMessage"] == "thrown because the event asked for it")
            #expect(try await emulator.invoke("7").text == "7")
        }
        #expect(await emulator.hasPrinted("\"message\":\"invocation failed\""))
    }

    @Test func `what init throws is what the caller is told`() async throws {
        let emulator = try await start("no-such-function")
        for _ in 0..<2 {
            let answer = try await emulator.invoke("1")
            #expect(answer.status == 502)
            let document = try JSON(parsing: answer.body)
            #expect(document["errorType"] == "Runtime.InvalidHandler")
            #expect(
                document["errorMessage"] == "_HANDLER is 'no-such-function', which is no test function")
        }
    }

    @Test func `a crash is a 502, and the next invocation has a new process`() async throws {
        let emulator = try await start("crash")
        let answer = try await emulator.invoke(#""crash""#)
        #expect(answer.status == 502)
        #expect(try JSON(parsing: answer.body)["errorType"] == "Runtime.ExitError")
        #expect(answer.text.contains("exit status 3"))
        #expect(try await emulator.invoke("1").text == "1")
    }

    @Test func `a response over the limit is that invocation's error, and the loop goes on`() async throws {
        let emulator = try await start("big")
        #expect(try await emulator.invoke("6291556").body.count == 6_291_556)
        for _ in 0..<2 {
            let answer = try await emulator.invoke("6291557")
            #expect(try JSON(parsing: answer.body)["errorType"] == "Function.ResponseSizeTooLarge")
        }
        #expect(try await emulator.invoke("5").text == #""xxx""#)
    }

    @Test(arguments: ["1", "2"])
    func
        `a function that takes too long fails with an error of its own, even when it ignores its cancellation`(
            event: String
        ) async throws
    {
        let emulator = try await start("stuck", timeout: 3)
        let document = try JSON(parsing: try await emulator.invoke(event).body)
        #expect(document["errorType"] == "Runtime.Timeout")
        #expect(try await emulator.invoke("0").text == "0")
    }

    @Test func `a function that blocks its thread is ended, and the next invocation has a new process`()
        async throws
    {
        let emulator = try await start("stuck", timeout: 1)
        let answer = try await emulator.invoke("3")
        #expect(answer.status == 200)
        #expect(answer.text == "Task timed out after 1.00 seconds")
        #expect(try await emulator.invoke("0").text == "0")
    }

    @Test func `an invocation knows its id, its function and its deadline`() async throws {
        let emulator = try await start("context", timeout: 10)
        let context = try JSON(parsing: try await emulator.invoke("{}").body)
        let id = try #require(context["requestID"]?.string)
        #expect(id.utf8.count == 36)
        #expect(await emulator.hasPrinted("START RequestId: \(id)"))
        #expect(context["functionARN"] == "arn:aws:lambda:us-east-1:012345678912:function:function")
        #expect((5...10).contains(try #require(context["remainingSeconds"]?.int)))
    }

    /// Both streams on one pipe is the worst there is.
    @Test func `what others print stands on lines of its own beside the log's`() async throws {
        let emulator = try await Emulator(
            ["/bin/sh", "-c", "exec \"$0\" 2>&1", BuiltProgram.path("TestFunctions")], handler: "chatty")
        _ = try await emulator.invoke("100")
        #expect(await emulator.hasPrinted("REPORT"))
        let lines = emulator.functionOutput.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("said by a C library: ") && !$0.contains("{") } == 100)
        #expect(lines.count { $0 == "said by print" } == 100)
        let logged = lines.compactMap { try? JSON(parsing: String($0)) }
        #expect(logged.compactMap { $0["line"]?.int } == Array(0..<100))
    }

    @Test func `what the Swift runtime says of a crash can be read`() async throws {
        let emulator = try await start("broken", environment: ["SWIFT_BACKTRACE": "enable=no"])
        #expect(try await emulator.invoke("1").status == 502)
        #expect(await emulator.hasPrinted("Fatal error: said by Swift\n"))
    }
}
