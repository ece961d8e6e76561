import HTTP
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct CallContextTests {
    private static let trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=53995c3f42cd8ad8;Sampled=1"

    /// A server that answers with the trace header it was sent.
    private func traceServer() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                let traces = request.headers.filter { $0.lowercased().hasPrefix("x-amzn-trace-id:") }
                try connection.respond(body: traces.joined(separator: "|"))
            }
        }
    }

    @Test func theTraceIsPassedOnByEveryKindOfCall() async throws {
        let server = try traceServer()
        try await withClient { client in
            try await CallContext.$current.withValue(CallContext(traceHeader: Self.trace)) {
                let sent = try await client.send(.init(.get, server.url()))
                #expect(sent.body == Array("X-Amzn-Trace-Id: \(Self.trace)".utf8))
                let streamed = try await client.stream(.init(.post, server.url(), body: .bytes([1])))
                #expect(
                    try await streamed.collect(limit: 1000) == Array("X-Amzn-Trace-Id: \(Self.trace)".utf8))
            }
        }
    }

    @Test func aRequestsOwnTraceStands() async throws {
        let server = try traceServer()
        try await withClient { client in
            try await CallContext.$current.withValue(CallContext(traceHeader: Self.trace)) {
                let response = try await client.send(
                    .init(.get, server.url(), headers: ["x-amzn-trace-id": "Root=1-own"]))
                #expect(response.body == Array("x-amzn-trace-id: Root=1-own".utf8))
            }
        }
    }

    @Test func withoutATraceNoneIsSent() async throws {
        let server = try traceServer()
        try await withClient { client in
            let outside = try await client.send(.init(.get, server.url()))
            #expect(outside.body == [])
            let untraced = try await CallContext.$current.withValue(CallContext(deadline: .now)) {
                try await client.send(.init(.get, server.url()))
            }
            #expect(untraced.body == [])
        }
    }

    @Test func theTasksOfACallInheritItsContext() async throws {
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let deadline = ContinuousClock.now + .seconds(3)
        let inherited = try await CallContext.$current.withValue(CallContext(deadline: deadline)) {
            try await loop.task { CallContext.current?.deadline }.value
        }
        #expect(inherited == deadline)
    }
}
