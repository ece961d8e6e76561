import HTTP
import JSON
import TestSupport
import Testing

/// Streamed responses under AWS's own emulator. It takes them as Lambda does and gives its caller the whole once it is complete; what
/// it tells of a failure midway depends on how it plays Lambda. That the pieces leave one by one is `StreamingHandlerTests`' matter.
@Suite(.timeLimit(.minutes(1))) struct StreamingTests {
    private func start(concurrency: Int? = nil) async throws -> Emulator {
        try await Emulator(
            [BuiltProgram.path("TestFunctions")], handler: "stream", concurrency: concurrency)
    }

    /// Prelude and body, which 8 NUL bytes divide.
    private func parts(_ answer: Emulator.Answer) throws -> (prelude: JSON, body: ArraySlice<UInt8>) {
        let end = try #require(answer.body.firstIndex(of: 0))
        #expect(answer.body[end...].prefix(8) == [0, 0, 0, 0, 0, 0, 0, 0])
        return (try JSON(parsing: Array(answer.body[..<end])), answer.body[(end + 8)...])
    }

    private func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: Array(bytes), as: UTF8.self)
    }

    @Test func `a streamed answer has its prelude and all its pieces`() async throws {
        let emulator = try await start()
        let (prelude, body) = try parts(try await emulator.invoke("1"))
        #expect(prelude["statusCode"] == 201)
        #expect(prelude["headers"]?["content-type"] ?? prelude["headers"]?["Content-Type"] == "text/plain")
        #expect(prelude["cookies"] == ["a=1", "b=2"])
        #expect(text(body) == "one, two")
        let much = try parts(try await emulator.invoke(#""much""#)).body
        #expect(much.count == 4_194_304 + 8)
    }

    @Test func `a failure before the first byte is an error document, and the loop goes on`() async throws {
        let emulator = try await start()
        let document = try JSON(parsing: try await emulator.invoke(#""throw first""#).body)
        #expect(document["errorType"] == "Test.Thrown")
        #expect(text(try parts(try await emulator.invoke("1")).body) == "one, two")
    }

    /// Playing an ordinary function the emulator does not look at trailers.
    @Test func `after a failure midway the loop goes on`() async throws {
        let emulator = try await start()
        #expect(text(try parts(try await emulator.invoke(#""throw midway""#)).body) == "one, ")
        #expect(await emulator.hasPrinted("\"errorType\":\"Test.Thrown\""))
        #expect(text(try parts(try await emulator.invoke("1")).body) == "one, two")
    }

    @Test(.enabled(if: Emulator.playsManagedInstances, "the emulator must be root to play Managed Instances"))
    func `Managed Instances see the mode, the content type and the error trailers`() async throws {
        let emulator = try await start(concurrency: 2)
        let good = try await emulator.invoke("1")
        #expect(good.headers["lambda-runtime-function-response-mode"] == "streaming")
        #expect(good.headers["content-type"] == "application/vnd.awslambda.http-integration-response")
        #expect(text(try parts(good).body) == "one, two")
        let failed = try JSON(parsing: try await emulator.invoke(#""throw midway""#).body)
        #expect(failed["errorType"] == "Test.Thrown")
        #expect(failed["errorMessage"] == "thrown because the event asked for it")
        #expect(text(try parts(try await emulator.invoke("1")).body) == "one, two")
    }
}
