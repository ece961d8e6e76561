import HTTP
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    @Test func aRequestGoesOutAsWrittenAndTheResponseComesBack() async throws {
        let seen = Mutex<ScriptedServer.Connection.Request?>(nil)
        let server = try ScriptedServer { connection in
            let request = try connection.readRequest()
            seen.withLock { $0 = request }
            try connection.write(
                "HTTP/1.1 201 Made\r\nX-Two: a\r\nx-two:  b \r\nContent-Length: 5\r\nX-Empty:\r\n\r\nhello")
        }
        try await withClient { client in
            let url = server.url("/a/../b%2Fc?x=1&y=%20")
            let response = try await client.send(
                .init(.put, url, headers: ["X-A": "1", "x-empty": ""], body: .bytes(Array("body".utf8))))
            #expect(response.status == 201)
            #expect(response.headers["x-TWO"] == "a, b")
            #expect(response.headers.values("X-Two") == ["a", "b"])
            #expect(response.headers["x-empty"] == "")
            #expect(response.headers["x-missing"] == nil)
            #expect(response.body == Array("hello".utf8))
        }
        let request = try #require(seen.withLock { $0 })
        #expect(request.line == "PUT /a/../b%2Fc?x=1&y=%20 HTTP/1.1")
        #expect(
            request.headers == [
                "Host: 127.0.0.1:\(server.port)", "User-Agent: comfy-lambda", "Accept: */*", "X-A: 1",
                "x-empty:",
                "Content-Length: 4",
            ])
        #expect(request.body == Array("body".utf8))
    }

    @Test(arguments: [
        (HTTPMethod.get, nil), (.head, nil), (.delete, nil), (.options, nil), (.post, "0"), (.put, "0"),
        (.patch, "0"),
    ])
    func aRequestWithoutABody(method: HTTPMethod, contentLength: String?) async throws {
        let server = try ScriptedServer { connection in
            let request = try connection.readRequest()
            try connection.write(
                "HTTP/1.1 200 OK\r\nX-Line: \(request.line)\r\nX-Length: \(request.header("content-length") ?? "none")\r\n"
                    + "Content-Length: 2\r\n\r\n")
            if method != .head { try connection.write("ok") }
        }
        try await withClient { client in
            let response = try await client.send(.init(method, server.url("/p")))
            #expect(response.headers["x-line"] == "\(method.rawValue) /p HTTP/1.1")
            #expect(response.headers["x-length"] == contentLength ?? "none")
            #expect(response.body == (method == .head ? [] : Array("ok".utf8)))
        }
    }

    @Test(arguments: [0, 1, 60_000, 65_537, 3 << 20]) func bodiesOfEverySizeArriveWhole(size: Int)
        async throws
    {
        let server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                try connection.respond(
                    headers: ["X-Expect: \(request.header("expect") ?? "none")"], body: request.body)
            }
        }
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await withClient { client in
            for _ in 0..<2 {
                let response = try await client.send(.init(.post, server.url(), body: .bytes(body)))
                #expect(response.body == body)
                #expect(response.headers["x-expect"] == "none")
            }
            #expect(client.connectionsOpened == 1)
        }
    }

    @Test func connectionsAreKeptAcrossConcurrentRequests() async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(body: "ok")
            }
        }
        try await withClient { client in
            for _ in 0..<3 {
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<16 {
                        group.addTask { try await client.send(.init(.get, server.url())).status }
                    }
                    for try await status in group { #expect(status == 200) }
                }
            }
            #expect(client.connectionsOpened <= 16)
            #expect(server.connectionCount == client.connectionsOpened)
        }
    }

    @Test func itWorksFromATaskOnTheLoop() throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(body: "ok")
        }
        let loop = EventLoop()
        let status = try loop.run {
            let client = HTTPClient(loop: loop)
            return try await client.send(.init(.get, server.url())).status
        }
        #expect(status == 200)
    }

    @Test func informationalResponsesAndTrailersAreSkipped() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write(
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n")
        }
        try await withClient { client in
            let response = try await client.send(.init(.get, server.url()))
            #expect(response.status == 200)
            #expect(response.headers["link"] == nil)
            #expect(response.headers["x-trailer"] == nil)
            #expect(response.body == Array("abc".utf8))
        }
    }

    @Test func aDeadKeptConnectionIsReplaced() async throws {
        let server = try ScriptedServer { connection in
            let request = try connection.readRequest()
            try connection.respond(body: "\(connection.index) \(request.body.count)")
            // The first connection is dropped while it lies idle.
        }
        try await withClient { client in
            for index in 0..<3 {
                let response = try await client.send(.init(.post, server.url(), body: .bytes([1, 2, 3])))
                #expect(response.body == Array("\(index) 3".utf8))
            }
        }
    }

    @Test(arguments: [true, false]) func gzipIsAskedForAndUndoneOnlyWhenWanted(wanted: Bool) async throws {
        let plain = Array(repeating: UInt8(ascii: "a"), count: 10_000)
        let packed = Gzip.compress(plain)
        let server = try ScriptedServer { connection in
            let request = try connection.readRequest()
            try connection.respond(
                headers: [
                    "Content-Encoding: gzip", "X-Asked: \(request.header("accept-encoding") ?? "none")",
                ],
                body: packed)
        }
        try await withClient { client in
            var request = HTTPClient.Request(.get, server.url())
            request.acceptsGzip = wanted
            let response = try await client.send(request)
            #expect(response.headers["x-asked"] == (wanted ? "gzip" : "none"))
            #expect(response.body == (wanted ? plain : packed))
        }
    }
}
