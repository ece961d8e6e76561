import HTTP
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPErrorTests {
    private func failure(
        _ client: HTTPClient, _ url: URL, _ change: (inout HTTPClient.Request) -> Void = { _ in }
    ) async throws -> HTTPError {
        var request = HTTPClient.Request(.get, url)
        change(&request)
        let final = request
        return try #require(await #expect(throws: HTTPError.self) { _ = try await client.send(final) })
    }

    @Test func aNameWithoutAnAddress() async throws {
        try await withClient { client in
            let error = try await failure(client, try #require(URL("http://nowhere.invalid/p?secret=1")))
            #expect(error.code == .resolve)
            #expect(!error.mayHaveBeenSent)
            #expect(error.url == "http://nowhere.invalid/p?…")
            #expect(error.description == "resolve failed for http://nowhere.invalid/p?…: \(error.reason)")
            #expect(error.reason.contains("nowhere.invalid"))
            #expect(!error.description.contains("secret"))
        }
    }

    @Test func nobodyListens() async throws {
        let server = try ScriptedServer { _ in }
        let url = server.url()
        server.stop()
        try await withClient { client in
            let error = try await failure(client, url)
            #expect(error.code == .connect)
            #expect(!error.mayHaveBeenSent)
        }
    }

    @Test func plainTextWhereTLSIsSpoken() async throws {
        let server = try ScriptedServer { connection in
            try connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.waitForHangUp()
        }
        try await withClient { client in
            let error = try await failure(client, server.url(scheme: "https"))
            #expect(error.code == .tls)
            #expect(!error.mayHaveBeenSent)
        }
    }

    @Test func aHandshakeThatNeverEnds() async throws {
        let server = try ScriptedServer { $0.waitForHangUp() }
        try await withClient { client in
            let error = try await failure(client, server.url(scheme: "https")) {
                $0.timeouts.connect = .milliseconds(50)
            }
            #expect(error.code == .connectTimeout)
            #expect(!error.mayHaveBeenSent)
        }
    }

    @Test func anAnswerThatNeverComes() async throws {
        let server = try ScriptedServer { $0.waitForHangUp() }
        try await withClient { client in
            let total = try await failure(client, server.url()) { $0.timeouts.total = .milliseconds(50) }
            #expect(total.code == .timeout)
            #expect(total.mayHaveBeenSent)
            let idle = try await failure(client, server.url()) { $0.timeouts.idle = .milliseconds(50) }
            #expect(idle.code == .idleTimeout)
            #expect(idle.mayHaveBeenSent)
        }
    }

    @Test func aBodyThatStalls() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            connection.waitForHangUp()
        }
        try await withClient { client in
            let error = try await failure(client, server.url()) { $0.timeouts.idle = .milliseconds(50) }
            #expect(error.code == .idleTimeout)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", HTTPError.Code.truncated),
        ("HTTP/1.1 200 OK\r\nContent-Le", .truncated), ("HTTP/1.1 200 OK\r\n", .truncated),
        ("HTTP/1.1 200", .receive),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", .truncated),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", .truncated),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", .receive), ("", .receive),
        ("SSH-2.0-x\r\n", .receive),
    ])
    func aBrokenAnswer(text: String, code: HTTPError.Code) async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write(text)
        }
        try await withClient { client in
            let error = try await failure(client, server.url())
            #expect(error.code == code)
            #expect(error.mayHaveBeenSent)
        }
    }

    @Test func aReset() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            connection.reset()
        }
        try await withClient { client in
            let error = try await failure(client, server.url())
            #expect(error.code == .receive)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 101),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + String(repeating: "x", count: 101)
            + "\r\n0\r\n\r\n",
    ])
    func aBodyOverTheLimit(text: String) async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write(text)
        }
        try await withClient { client in
            let error = try await failure(client, server.url()) { $0.responseLimit = 100 }
            #expect(error.code == .responseTooLarge)
            #expect(error.reason == "the response's body is over 100 bytes")
        }
    }

    @Test func aHeadWithoutEnd() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n")
            while true { try connection.write("X-Filler: \(String(repeating: "x", count: 1000))\r\n") }
        }
        try await withClient { client in
            let error = try await failure(client, server.url())
            #expect(error.code == .responseTooLarge)
        }
    }

    @Test func aCompressedBombStopsAtTheLimit() async throws {
        let bomb = Gzip.compress([UInt8](repeating: 0, count: 4 << 20))
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(headers: ["Content-Encoding: gzip"], body: bomb)
        }
        try await withClient { client in
            let error = try await failure(client, server.url()) {
                $0.acceptsGzip = true
                $0.responseLimit = 1 << 20
            }
            #expect(error.code == .responseTooLarge)
        }
    }

    @Test func requestsThatCannotBeMade() async throws {
        let url = try #require(URL("http://127.0.0.1:1/"))
        let changes: [@Sendable (inout HTTPClient.Request) -> Void] = [
            { $0.method = HTTPMethod(rawValue: "") },
            { $0.method = HTTPMethod(rawValue: "GET / HTTP/1.1\r\nX:") },
            { $0.headers = ["X": "a\r\nY: b"] }, { $0.headers = ["X": "a\nb"] },
            { $0.headers = ["X": "a\0b"] },
            { $0.headers = ["X:": "a"] }, { $0.headers = ["": "a"] }, { $0.headers = ["X\r\nY": "a"] },
            { $0.url.scheme = "ws" }, { $0.url.path = "/ b" }, { $0.url.path = "b" }, { $0.url.host = "u@h" },
            { $0.url.query = "#" }, { $0.url.port = 70_000 }, { $0.body = .stream(length: -1) { nil } },
        ]
        try await withClient { client in
            for change in changes {
                let error = try await failure(client, url, change)
                #expect(error.code == .invalidRequest)
                #expect(!error.mayHaveBeenSent)
            }
        }
    }

    @Test(arguments: [true, false]) func cancellingTheTaskCancelsTheTransfer(onTheLoop: Bool) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            continuation.yield("asked")
            connection.waitForHangUp()
            continuation.yield("hung up")
        }
        try await withClient { client in
            let request = HTTPClient.Request(.get, server.url())
            let task =
                onTheLoop
                ? client.loop.task { try await client.send(request) }
                : Task { try await client.send(request) }
            var events = stream.makeAsyncIterator()
            #expect(await events.next() == "asked")
            task.cancel()
            #expect(await events.next() == "hung up")
            let error = await #expect(throws: HTTPError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(error?.mayHaveBeenSent == true)
        }
    }

    @Test func aTaskThatIsCancelledAlreadySendsNothing() async throws {
        let server = try ScriptedServer { _ in }
        try await withClient { client in
            let request = HTTPClient.Request(.get, server.url())
            let task = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return try await client.send(request)
            }
            let error = await #expect(throws: HTTPError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(error?.mayHaveBeenSent == false)
        }
        #expect(server.connectionCount == 0)
    }

    @Test func shutdownCancelsTransfers() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            continuation.yield()
            connection.waitForHangUp()
        }
        let loop = EventLoop.onNewThread()
        let client = HTTPClient(loop: loop)
        let request = HTTPClient.Request(.get, server.url())
        let task = loop.task { try await client.send(request) }
        var events = stream.makeAsyncIterator()
        await events.next()
        loop.shutdown()
        let error = await #expect(throws: HTTPError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }
}
