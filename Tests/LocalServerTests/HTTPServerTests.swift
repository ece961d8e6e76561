import Glibc
import HTTP
import LocalServer
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    /// A loop with a server and a client on it.
    private func withServer(
        bodyLimit: Int = 16 << 20, _ handler: @escaping HTTPServer.Handler,
        _ body: (HTTPClient, HTTPServer) async throws -> Void
    ) async throws {
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let server = try HTTPServer(on: loop, bodyLimit: bodyLimit, handler: handler)
        defer { server.stop() }
        try await body(HTTPClient(loop: loop), server)
    }

    private func url(_ server: HTTPServer, _ target: String = "/") throws -> URL {
        try #require(URL("http://127.0.0.1:\(server.port)\(target)"))
    }

    @Test func theHandlerSeesTheRequestAsSent() async throws {
        let seen = SeenRequest()
        try await withServer { request in
            seen.value.withLock { $0 = request }
            return ServerResponse(status: 201, headers: ["X-A": "1", "X-a": "2"], body: Array("made".utf8))
        } _: { client, server in
            let response = try await client.send(
                .init(
                    .init(rawValue: "PURGE"), try url(server, "/a%2Fb/../c?x=%20&x&y=+"),
                    headers: ["X-One": "1", "x-two": "2", "X-one": "3"], body: .bytes(Array("body".utf8))))
            #expect(response.status == 201)
            #expect(response.headers.values("x-a") == ["1", "2"])
            #expect(response.headers["content-length"] == "4")
            #expect(response.body == Array("made".utf8))
        }
        let request = try #require(seen.value.withLock { $0 })
        #expect(request.method.rawValue == "PURGE")
        #expect(request.target == "/a%2Fb/../c?x=%20&x&y=+")
        #expect(request.path == "/a%2Fb/../c")
        #expect(request.query == "x=%20&x&y=+")
        #expect(
            request.headers.filter { $0.name.lowercased().hasPrefix("x-") }.map(\.name) == [
                "X-One", "x-two", "X-one",
            ])
        #expect(request.headers["x-one"] == "1, 3")
        #expect(request.body == Array("body".utf8))
    }

    private final class SeenRequest: Sendable {
        let value = Mutex<ServerRequest?>(nil)
    }

    @Test func manyHandlersWaitAtOnce() async throws {
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let server = try HTTPServer(on: loop) { _ in
            try? await loop.sleep(for: .milliseconds(50))
            return ServerResponse(body: [UInt8(ascii: EventLoop.current === loop ? "y" : "n")])
        }
        let client = HTTPClient(loop: loop)
        let address = try url(server)
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<64 { group.addTask { try await client.send(.init(.get, address)).body } }
            for try await body in group { #expect(body == Array("y".utf8)) }
        }
        server.stop()
    }

    @Test func aClientThatHangsUpCancelsTheHandler() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let server = try HTTPServer(on: loop) { _ in
            continuation.yield("begun")
            do {
                try await loop.sleep(for: .seconds(3600))
            } catch {
                continuation.yield("cancelled")
            }
            return ServerResponse()
        }
        let client = HTTPClient(loop: loop)
        let address = try url(server)
        let request = loop.task { try await client.send(.init(.get, address)) }
        var events = stream.makeAsyncIterator()
        #expect(await events.next() == "begun")
        request.cancel()
        #expect(await events.next() == "cancelled")
        server.stop()
    }

    @Test func aClientThatHangsUpCancelsTheBodysSource() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        let pieces = PieceSource([Array("one".utf8)])
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let server = try HTTPServer(on: loop) { _ in
            ServerResponse(
                status: 200, headers: [:],
                body: .stream {
                    if let piece = pieces.next() { return piece }
                    defer { continuation.yield("cancelled") }
                    try await loop.sleep(for: .seconds(3600))
                    return nil
                })
        }
        let client = HTTPClient(loop: loop)
        do {
            let response = try await client.stream(.init(.get, try url(server)))
            #expect(try await response.next() == Array("one".utf8))
        }
        var events = stream.makeAsyncIterator()
        #expect(await events.next() == "cancelled")
        server.stop()
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
        "\0\r\n",
    ])
    func halfARequestDisturbsNobody(text: String) async throws {
        try await withServer { _ in
            ServerResponse(status: 204)
        } _: { client, server in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            address.sin_port = UInt16(server.port).bigEndian
            let status = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            try #require(status == 0)
            let bytes = Array(text.utf8)
            #expect(
                unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, 0) }
                    == bytes.count)
            close(descriptor)
            let response = try await client.send(.init(.get, try url(server)))
            #expect(response.status == 204)
        }
    }

    @Test func stopCancelsWhatWaits() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let server = try HTTPServer(on: loop) { _ in
            continuation.yield("begun")
            try? await loop.sleep(for: .seconds(3600))
            continuation.yield("ended")
            return ServerResponse()
        }
        let client = HTTPClient(loop: loop)
        let address = try url(server)
        let request = loop.task { try await client.send(.init(.get, address)) }
        var events = stream.makeAsyncIterator()
        #expect(await events.next() == "begun")
        server.stop()
        server.stop()
        #expect(await events.next() == "ended")
        await #expect(throws: HTTPError.self) { try await request.value }
    }

    @Test func aStreamedBodyComesPieceByPiece() async throws {
        let pieces = PieceSource([Array("one".utf8), [], Array(repeating: 7, count: 300_000)])
        try await withServer { _ in
            ServerResponse(status: 200, headers: [:], body: .stream { pieces.next() })
        } _: { client, server in
            let response = try await client.send(.init(.get, try url(server)))
            #expect(response.headers["transfer-encoding"] == "chunked")
            #expect(response.body == Array("one".utf8) + Array(repeating: 7, count: 300_000))
        }
    }

    @Test func aStreamThatFailsIsSeenAsTruncated() async throws {
        struct Broken: Error {}
        let pieces = PieceSource([Array("one".utf8)])
        try await withServer { _ in
            ServerResponse(
                status: 200, headers: [:],
                body: .stream {
                    guard let piece = pieces.next() else { throw Broken() }
                    return piece
                })
        } _: { client, server in
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.send(.init(.get, try url(server)))
            }
            #expect(error?.code == .truncated)
        }
    }

    private final class PieceSource: Sendable {
        private let pieces: Mutex<[[UInt8]]>
        init(_ pieces: [[UInt8]]) { self.pieces = Mutex(pieces) }
        func next() -> [UInt8]? { pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }

    @Test(arguments: [true, false]) func aBodyOverTheLimitIsRefused(lengthIsAnnounced: Bool) async throws {
        try await withServer(bodyLimit: 100) { request in
            ServerResponse(body: Array("\(request.body.count)".utf8))
        } _: { client, server in
            for (size, status) in [(100, 200), (101, 413)] {
                let source = PieceSource([Array(repeating: 1, count: size)])
                let body: HTTPClient.Body =
                    lengthIsAnnounced
                    ? .bytes(Array(repeating: 1, count: size)) : .stream(length: nil) { source.next() }
                let response = try await client.send(.init(.post, try url(server), body: body))
                #expect(response.status == status)
            }
        }
    }

    @Test func headAndNoContentHaveNoBody() async throws {
        try await withServer { request in
            ServerResponse(status: request.method == .head ? 200 : 204, body: Array("body".utf8))
        } _: { client, server in
            let head = try await client.send(.init(.head, try url(server)))
            #expect(head.headers["content-length"] == "4")
            #expect(head.body == [])
            let none = try await client.send(.init(.get, try url(server)))
            #expect(none.status == 204)
            #expect(none.body == [])
        }
    }

    @Test func aHeaderThatCannotBeSentIsTheHandlersFailure() async throws {
        try await withServer { _ in
            ServerResponse(headers: ["X-A": "one\r\nX-B: two"])
        } _: { client, server in
            let response = try await client.send(.init(.get, try url(server)))
            #expect(response.status == 500)
            #expect(response.headers["x-b"] == nil)
        }
    }

    @Test func aTakenPortIsAnErrorWithASentence() async throws {
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let server = try HTTPServer(on: loop) { _ in ServerResponse() }
        let error = #expect(throws: ServerError.self) {
            _ = try HTTPServer(port: server.port, on: loop) { _ in ServerResponse() }
        }
        #expect(error?.description == "127.0.0.1:\(server.port) cannot be listened on: is the port in use?")
    }
}
