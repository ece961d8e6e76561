import Synchronization
import TestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct PlainClientTests {
    /// A client of a scripted server, on a loop of its own.
    private func withServer(
        _ script: @escaping @Sendable (ScriptedServer.Connection) throws -> Void,
        _ body: (PlainClient, ScriptedServer) async throws -> Void
    ) async throws {
        let server = try ScriptedServer(script)
        defer { server.stop() }
        try await withLoop { loop in
            try await body(try #require(PlainClient(loop: loop, server: server.url())), server)
        }
    }

    /// Answers each request with its line, two of its headers and its body.
    private static func echo(_ connection: ScriptedServer.Connection) throws {
        while true {
            let request = try connection.readRequest()
            let head = [
                request.line, request.header("host") ?? "", request.header("content-length") ?? "none",
            ]
            try connection.respond(body: Array(head.joined(separator: "|").utf8) + [0x7C] + request.body)
        }
    }

    @Test func `requests follow one another on one connection`() async throws {
        try await withServer(Self.echo) { client, server in
            let host = "127.0.0.1:\(server.port)"
            let expected = [
                (PlainClient.Request(.get, "/a?b=c"), "GET /a?b=c HTTP/1.1|\(host)|none|"),
                (.init(.post, "/", body: []), "POST / HTTP/1.1|\(host)|0|"),
                (.init(.put, "/", body: Array("hello".utf8)), "PUT / HTTP/1.1|\(host)|5|hello"),
            ]
            for (request, answer) in expected {
                let response = try await client.send(request)
                #expect(response.status == 200)
                #expect(String(decoding: response.body, as: UTF8.self) == answer)
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `a prepared request has a piece and a body of its own each time`() async throws {
        try await withServer(Self.echo) { client, server in
            let request = PlainClient.Request(.post, "/jobs/", headers: ["X-Kind": "a"])
            let prepared = try client.prepare(request, ending: "/end?now")
            let expected = [
                ("42", nil, "POST /jobs/42/end?now HTTP/1.1|127.0.0.1:\(server.port)|none|"),
                (
                    "a b/c", Array("hello".utf8),
                    "POST /jobs/a%20b%2Fc/end?now HTTP/1.1|127.0.0.1:\(server.port)|5|hello"
                ),
                ("", [], "POST /jobs//end?now HTTP/1.1|127.0.0.1:\(server.port)|0|"),
            ]
            for (piece, body, answer) in expected {
                let exchange = prepared.exchange(piece: piece, body: body)
                unsafe await withUnsafeContinuation { unsafe exchange.start($0) }
                #expect(String(decoding: try exchange.response().body, as: UTF8.self) == answer)
            }
            #expect(server.connectionCount == 1)
            for (target, ending) in [("jobs/", "/end"), ("/jobs/", "/end\r\nX: y"), ("/a b", "")] {
                #expect {
                    try client.prepare(.init(.get, target), ending: ending)
                } throws: {
                    ($0 as? HTTPError)?.code == .invalidRequest
                }
            }
        }
    }

    @Test func `a body of many megabytes goes out and comes in`() async throws {
        try await withServer { connection in
            let request = try connection.readRequest()
            try connection.respond(body: request.body)
        } _: { client, _ in
            let body = (0..<6 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 11) }
            let response = try await client.send(.init(.post, "/", body: body))
            #expect(response.body == body)
        }
    }

    @Test func `requests at once have connections of their own`() async throws {
        let isAnswered = Gate()
        try await withServer { connection in
            if connection.index == 1 { isAnswered.open() }
            _ = try connection.readRequest()
            if connection.index == 0 { isAnswered.waitUntilOpen() }
            try connection.respond(body: "\(connection.index)")
        } _: { client, server in
            let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for _ in 0..<2 { group.addTask { try await client.send(.init(.get, "/")).body } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(bodies == [Array("0".utf8), Array("1".utf8)])
            #expect(server.connectionCount == 2)
        }
    }

    @Test(arguments: [true, false]) func `a kept connection that is dead costs nothing`(isReset: Bool)
        async throws
    {
        try await withServer { connection in
            _ = try connection.readRequest()
            try connection.respond(body: "\(connection.index)")
            // What is read and not answered: the connection dies with the request on its way.
            if connection.index == 0 { _ = try connection.readRequest() }
            if isReset { connection.reset() }
        } _: { client, server in
            for index in 0..<2 {
                let response = try await client.send(.init(.post, "/", body: [0x61]))
                #expect(response.body == Array("\(index)".utf8))
            }
            #expect(server.connectionCount == 2)
        }
    }

    @Test func `a connection that the server closes between two requests is not used again`() async throws {
        try await withServer { connection in
            _ = try connection.readRequest()
            try connection.respond(body: "\(connection.index)")
        } _: { client, server in
            for index in 0..<3 {
                let response = try await client.send(.init(.get, "/"))
                #expect(response.body == Array("\(index)".utf8))
                try await client.loop.sleep(for: .milliseconds(20))
            }
            #expect(server.connectionCount == 3)
        }
    }

    @Test func `what comes behind an answer is not taken for the next one`() async throws {
        try await withServer { connection in
            _ = try connection.readRequest()
            try connection.write(
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(connection.index)HTTP/1.1 500 No\r\n\r\n")
            connection.waitForHangUp()
        } _: { client, server in
            for index in 0..<2 {
                let response = try await client.send(.init(.get, "/"))
                #expect(response.status == 200)
                #expect(response.body == Array("\(index)".utf8))
            }
            #expect(server.connectionCount == 2)
        }
    }

    @Test func `an answer that comes before the request has gone is taken`() async throws {
        try await withServer { connection in
            _ = try connection.readHead()
            try connection.respond(413, body: "too large")
            connection.waitForHangUp()
        } _: { client, _ in
            let body = [UInt8](repeating: 0x61, count: 32 << 20)
            let response = try await client.send(.init(.post, "/", body: body))
            #expect(response.status == 413)
        }
    }

    @Test func `a first connection that breaks is not tried again`() async throws {
        try await withServer {
            _ = try $0.readRequest()
            $0.reset()
        } _: { client, server in
            await #expect { try await client.send(.init(.get, "/")) } throws: {
                ($0 as? HTTPError)?.code == .receive && ($0 as? HTTPError)?.mayHaveBeenSent == true
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `nobody who listens is an error that says so`() async throws {
        let server = try ScriptedServer { _ in }
        let url = server.url()
        server.stop()
        try await withLoop { loop in
            let client = try #require(PlainClient(loop: loop, server: url))
            await #expect { try await client.send(.init(.get, "/x?secret=1")) } throws: { error in
                guard let error = error as? HTTPError else { return false }
                return error.code == .connect && !error.mayHaveBeenSent
                    && error.description == "connect failed for \(url.redacted)x?…: Connection refused"
            }
        }
    }

    @Test func `an exchange ends with its time, and the connection with it`() async throws {
        try await withServer {
            _ = try $0.readRequest()
            if $0.index == 0 { return $0.waitForHangUp() }
            try $0.respond(body: "late")
        } _: { client, server in
            var request = PlainClient.Request(.get, "/")
            request.timeout = .milliseconds(30)
            await #expect { try await client.send(request) } throws: { ($0 as? HTTPError)?.code == .timeout }
            let response = try await client.send(.init(.get, "/"))
            #expect(response.body == Array("late".utf8))
            #expect(server.connectionCount == 2)
        }
    }

    @Test(arguments: [true, false]) func `cancelling the task ends the exchange`(onTheLoop: Bool) async throws
    {
        let isAsked = Signal()
        try await withServer {
            _ = try $0.readRequest()
            isAsked.give()
            $0.waitForHangUp()
        } _: { client, _ in
            let ask: @Sendable () async throws -> Void = { _ = try await client.send(.init(.get, "/")) }
            let task = onTheLoop ? client.loop.task(ask) : Task { try await ask() }
            await isAsked.wait()
            task.cancel()
            await #expect { try await task.value } throws: { ($0 as? HTTPError)?.code == .cancelled }
        }
    }

    @Test func `an exchange without a task's cancellation is cancelled by itself, once`() async throws {
        let isAsked = Signal()
        try await withServer {
            _ = try $0.readRequest()
            isAsked.give()
            $0.waitForHangUp()
        } _: { client, _ in
            let exchange = client.exchange(.init(.get, "/"))
            let answer = Task {
                unsafe await withUnsafeContinuation { unsafe exchange.start($0) }
                return try exchange.response()
            }
            await isAsked.wait()
            exchange.cancel()
            exchange.cancel()
            await #expect { try await answer.value } throws: { ($0 as? HTTPError)?.code == .cancelled }
        }
    }

    @Test func `an exchange that was cancelled before its start, or cannot be sent, opens no connection`()
        async throws
    {
        try await withServer(Self.echo) { client, server in
            let cancelled = client.exchange(.init(.get, "/"))
            cancelled.cancel()
            let refused = client.exchange(.init(.get, "no path"))
            for (exchange, code) in [(cancelled, HTTPError.Code.cancelled), (refused, .invalidRequest)] {
                unsafe await withUnsafeContinuation { unsafe exchange.start($0) }
                #expect { try exchange.response() } throws: { ($0 as? HTTPError)?.code == code }
            }
            #expect(server.connectionCount == 0)
        }
    }

    @Test func `the end of the loop ends the exchange`() async throws {
        let isAsked = Signal()
        let server = try ScriptedServer {
            _ = try $0.readRequest()
            isAsked.give()
            $0.waitForHangUp()
        }
        defer { server.stop() }
        let loop = EventLoop.onNewThread()
        let client = try #require(PlainClient(loop: loop, server: server.url()))
        let answer = Task { try await client.send(.init(.get, "/")) }
        await isAsked.wait()
        loop.shutdown()
        await #expect { try await answer.value } throws: { ($0 as? HTTPError)?.code == .cancelled }
    }

    @Test func `the end of the client closes its connections`() async throws {
        let isClosed = Signal()
        let server = try ScriptedServer {
            _ = try $0.readRequest()
            try $0.respond()
            $0.waitForHangUp()
            isClosed.give()
        }
        defer { server.stop() }
        try await withLoop { loop in
            var client = PlainClient(loop: loop, server: server.url())
            _ = try await client?.send(.init(.get, "/"))
            client = nil
            await isClosed.wait()
        }
    }

    @Test(
        arguments: [
            PlainClient.Request(.get, "x"), .init(.get, "/ HTTP/1.1\r\nX: y"), .init(.get, "/#a"),
            .init(HTTPMethod(rawValue: "G T"), "/"), .init(.get, "/", headers: ["A": "b\r\nC: d"]),
            .init(.get, "/", headers: ["A B": "c"]),
        ])
    func `no part of a request can write lines of its own`(_ request: PlainClient.Request) async throws {
        try await withServer(Self.echo) { client, server in
            await #expect { try await client.send(request) } throws: {
                ($0 as? HTTPError)?.code == .invalidRequest
            }
            #expect(server.connectionCount == 0)
        }
    }

    @Test(
        arguments: [
            ("http://127.0.0.1:9001", true), ("http://[::1]:9001", true), ("http://localhost:9001", false),
            ("https://127.0.0.1:9001", false), ("http://127.0.0.1.example", false),
        ])
    func `is for numeric addresses in clear text`(_ address: String, isTaken: Bool) async throws {
        let url = try #require(URL(address))
        let isMade = try await withLoop { PlainClient(loop: $0, server: url) != nil }
        #expect(isMade == isTaken)
    }
}
