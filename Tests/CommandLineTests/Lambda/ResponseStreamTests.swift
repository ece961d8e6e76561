import HTTP
import JSON
import LocalServer
import TestSupport
import Testing

@testable import comfy_lambda

/// Responses that a process streams, from its Runtime API to whoever reads them.
@Suite(.timeLimit(.minutes(1))) struct ResponseStreamTests {
    private static func event(_ members: JSON.Object) -> [UInt8] {
        var event: JSON.Object = ["do": "stream", "gate": "/"]
        for (name, value) in members { event[name] = value }
        return JSON.object(event).serialized()
    }

    private static func text(_ bytes: [UInt8]?) -> String? {
        bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func piecesComeWhileTheFunctionStillRuns() async throws {
        let folder = try TemporaryFolder()
        let gate = folder.path + "/gate"
        let (first, rest, next) = try await ScriptedFunction.with { function, _ in
            let answer = try await function.function.open(
                Self.event(["pieces": ["one ", "two"], "gate": .string(gate)]))
            guard case .stream(let stream) = answer else { throw CommandFailure("no stream") }
            let first = Self.text(try await stream.next())
            // The function waits for this.
            try FileSystem.write([], to: gate)
            var rest: [UInt8] = []
            while let piece = try await stream.next() { rest += piece }
            return (first, Self.text(rest), try await function.answer(to: ["n": 1]))
        }
        #expect(first == "one ")
        #expect(rest == "two")
        #expect(next == ["n": 1])
    }

    @Test func whoDoesNotStreamGetsTheWhole() async throws {
        let outcome = try await ScriptedFunction.with { function, _ in
            try await function.function.invoke(Self.event(["pieces": ["one ", "two"]]))
        }
        #expect(outcome == .response(Array("one two".utf8)))
    }

    @Test func aFailureMidwayIsInTheTrailers() async throws {
        let outcome = try await ScriptedFunction.with { function, _ in
            try await function.function.invoke(Self.event(["pieces": ["one"], "error": "Test.Midway"]))
        }
        guard case .failure(let failure) = outcome else { throw CommandFailure("no failure") }
        #expect(failure.type == "Test.Midway")
        #expect(failure.message == "midway")
    }

    @Test func aProcessThatEndsMidwayBreaksTheStream() async throws {
        let outcome = try await ScriptedFunction.with { function, _ in
            try await function.function.invoke(Self.event(["pieces": ["one"], "do_not_end": true]))
        }
        guard case .failure(let failure) = outcome else { throw CommandFailure("no failure") }
        #expect(["Runtime.TruncatedResponse", "Runtime.ExitError"].contains(failure.type))
    }

    @Test(arguments: [1, 7, 1000]) func thePreludeBecomesTheHead(size: Int) async throws {
        let stream = ResponseStream(contentType: "application/vnd.awslambda.http-integration-response")
        let whole =
            Array(#"{"statusCode":201,"headers":{"X-A":"1"},"cookies":["c=1"]}"#.utf8)
            + [UInt8](repeating: 0, count: 8) + Array("body \u{0} and more".utf8)
        for start in stride(from: 0, to: whole.count, by: size) {
            stream.receive(Array(whole[start..<min(start + size, whole.count)]))
        }
        stream.finish(nil)
        let response = try await APIFront.response(to: stream)
        #expect(response.status == 201)
        #expect(response.headers["X-A"] == "1")
        #expect(response.headers["Set-Cookie"] == "c=1")
        guard case .stream(let next) = response.body else { throw CommandFailure("no stream") }
        var body: [UInt8] = []
        while let piece = try await next() { body += piece }
        #expect(Self.text(body) == "body \u{0} and more")
    }

    @Test func aStreamWithoutItsPreludeIsABadGateway() async throws {
        let stream = ResponseStream(contentType: "application/vnd.awslambda.http-integration-response")
        stream.receive(Array("{}".utf8))
        stream.finish(nil)
        #expect(try await APIFront.response(to: stream).status == 502)
    }
}
