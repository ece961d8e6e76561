import HTTP
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct StreamingTests {
    // MARK: Responses

    @Test func theHeadComesBeforeTheBody() async throws {
        let gate = Gate()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
            gate.waitUntilOpen()
            try connection.write("3\r\nabc\r\n")
            gate.waitUntilOpen()
            try connection.write("2\r\nde\r\n0\r\n\r\n")
        }
        try await withClient { client in
            let response = try await client.stream(.init(.get, server.url()))
            #expect(response.head.status == 200)
            #expect(response.head.headers["x-a"] == "1")
            gate.open()
            #expect(try await response.next() == Array("abc".utf8))
            gate.open()
            #expect(try await response.next() == Array("de".utf8))
            #expect(try await response.next() == nil)
            #expect(try await response.next() == nil)
        }
    }

    /// Where the thread is busy a response has ended before its head is asked for.
    @Test func aHeadIsAHeadThoughItsBodyWasCut() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 9\r\n\r\nabc")
        }
        try await withClient { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let response = try await client.stream(.init(.get, server.url()))
                        #expect(response.head.headers["x-a"] == "1")
                        #expect(try await response.next() == Array("abc".utf8))
                        let error = await #expect(throws: HTTPError.self) {
                            _ = try await response.next()
                        }
                        #expect(error?.code == .truncated)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aResponseNobodyReadsIsHeldUp() async throws {
        let written = Counter()
        let size = 64 << 20
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            let piece = [UInt8](repeating: 1, count: 64 << 10)
            for _ in 0..<(size / piece.count) {
                try connection.write(piece)
                written.add(piece.count)
            }
        }
        try await withClient { client in
            var request = HTTPClient.Request(.get, server.url())
            request.responseLimit = size
            let response = try await client.stream(request)
            try await written.standsStill(on: client.loop)
            #expect(written.value < 32 << 20)
            var received = 0
            while let piece = try await response.next() {
                #expect(piece.count <= 512 << 10)
                received += piece.count
            }
            #expect(received == size)
        }
    }

    @Test func aPeerThatIsHeldUpIsNotIdle() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(body: [UInt8](repeating: 1, count: 4 << 20))
        }
        try await withClient { client in
            var request = HTTPClient.Request(.get, server.url())
            request.timeouts.idle = .milliseconds(500)
            let response = try await client.stream(request)
            try await client.loop.sleep(for: .milliseconds(1200))
            #expect(try await response.collect(limit: 4 << 20).count == 4 << 20)
        }
    }

    @Test func droppingAResponseEndsTheTransfer() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            connection.waitForHangUp()
            continuation.yield()
        }
        try await withClient { client in
            do { _ = try await client.stream(.init(.get, server.url())) }
            var events = stream.makeAsyncIterator()
            await events.next()
        }
    }

    @Test func cancellingAReaderEndsTheTransfer() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            connection.waitForHangUp()
        }
        try await withClient { client in
            let response = try await client.stream(.init(.get, server.url()))
            #expect(try await response.next() == Array("abc".utf8))
            let reader = Task { try await response.next() }
            reader.cancel()
            let error = await #expect(throws: HTTPError.self) { try await reader.value }
            #expect(error?.code == .cancelled)
        }
    }

    @Test func aTruncatedStreamThrowsAfterItsPieces() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        }
        try await withClient { client in
            let response = try await client.stream(.init(.get, server.url()))
            #expect(try await response.next() == Array("abc".utf8))
            let error = await #expect(throws: HTTPError.self) { try await response.next() }
            #expect(error?.code == .truncated)
        }
    }

    @Test func collecting() async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(body: "0123456789")
            }
        }
        try await withClient { client in
            let request = HTTPClient.Request(.get, server.url())
            let whole = try await client.stream(request).collect(limit: 10)
            #expect(whole == Array("0123456789".utf8))
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.stream(request).collect(limit: 9)
            }
            #expect(error?.code == .responseTooLarge)
            var limited = request
            limited.responseLimit = 9
            let final = limited
            let refused = await #expect(throws: HTTPError.self) {
                _ = try await client.stream(final).collect(limit: 10)
            }
            #expect(refused?.code == .responseTooLarge)
        }
    }

    // MARK: Requests

    @Test(arguments: [true, false]) func aBodyIsSentPieceByPiece(lengthIsKnown: Bool) async throws {
        let server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                let framing =
                    request.header("content-length") ?? request.header("transfer-encoding") ?? "none"
                try connection.respond(headers: ["X-Framing: \(framing)"], body: request.body)
            }
        }
        let pieces = [Array("one".utf8), [], [UInt8](repeating: 7, count: 1 << 20), Array("end".utf8)]
        let whole = pieces.flatMap { $0 }
        try await withClient { client in
            for _ in 0..<2 {
                let source = PieceSource(pieces)
                let response = try await client.send(
                    .init(
                        .put, server.url(),
                        body: .stream(length: lengthIsKnown ? whole.count : nil) {
                            source.next(on: client.loop)
                        }))
                #expect(response.headers["x-framing"] == (lengthIsKnown ? "\(whole.count)" : "chunked"))
                #expect(response.body == whole)
            }
            #expect(client.connectionsOpened == 1)
        }
    }

    @Test func aServerThatDoesNotReadHoldsTheSourceUp() async throws {
        let gate = Gate()
        let given = Counter()
        let size = 64 << 20
        let server = try ScriptedServer { connection in
            gate.waitUntilOpen()
            let request = try connection.readRequest()
            try connection.respond(body: "\(request.body.count)")
        }
        try await withClient { client in
            let request = HTTPClient.Request(
                .post, server.url(),
                body: .stream(length: nil) {
                    if given.value == size { return nil }
                    given.add(64 << 10)
                    return [UInt8](repeating: 1, count: 64 << 10)
                })
            let task = client.loop.task { try await client.send(request) }
            try await given.standsStill(on: client.loop)
            #expect(given.value < 32 << 20)
            gate.open()
            #expect(try await task.value.body == Array("\(size)".utf8))
        }
    }

    @Test func aSourceThatFails() async throws {
        struct Broken: Error {}
        let server = try ScriptedServer { _ = try $0.readRequest() }
        try await withClient { client in
            let source = PieceSource([[1]])
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.send(
                    .init(
                        .post, server.url(),
                        body: .stream(length: nil) {
                            guard let piece = source.next(on: client.loop) else { throw Broken() }
                            return piece
                        }))
            }
            #expect(error?.code == .bodySource)
            #expect(error?.underlying is Broken)
        }
    }

    @Test(arguments: [2, 4]) func aSourceThatBreaksItsPromise(promised: Int) async throws {
        let server = try ScriptedServer { _ = try $0.readRequest() }
        try await withClient { client in
            let source = PieceSource([[1], [2, 3]])
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.send(
                    .init(
                        .post, server.url(), body: .stream(length: promised) { source.next(on: client.loop) })
                )
            }
            #expect(error?.code == .bodySource)
            let reason = error.flatMap(\.underlying).map { "\($0)" }
            #expect(reason == "\(promised) bytes were promised, 3 given")
        }
    }

    @Test func anAnswerBeforeTheBodysEndIsTaken() async throws {
        let server = try ScriptedServer { connection in
            while try connection.readLine() != "" {}
            try connection.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            connection.waitForHangUp()
        }
        try await withClient { client in
            let ended = Counter()
            let response = try await client.send(
                .init(
                    .post, server.url(),
                    body: .stream(length: nil) {
                        // Never ends by itself: the transfer's end frees it.
                        defer { ended.add(1) }
                        try await client.loop.sleep(for: .milliseconds(1))
                        return [1]
                    }))
            #expect(response.status == 413)
            try await ended.standsStill(on: client.loop)
        }
    }

    @Test func cancellingASendEndsItsSource() async throws {
        let server = try ScriptedServer { $0.waitForHangUp() }
        try await withClient { client in
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            let request = HTTPClient.Request(
                .post, server.url(),
                body: .stream(length: nil) {
                    continuation.yield()
                    defer { continuation.yield() }
                    try await client.loop.sleep(for: .seconds(3600))
                    return nil
                })
            let task = client.loop.task { try await client.send(request) }
            var events = stream.makeAsyncIterator()
            await events.next()
            task.cancel()
            await events.next()
            let error = await #expect(throws: HTTPError.self) { try await task.value }
            #expect(error?.code == .cancelled)
        }
    }
}

/// Pieces in order; notes an issue when it is asked off the loop.
private final class PieceSource: Sendable {
    private let pieces: Mutex<[[UInt8]]>

    init(_ pieces: [[UInt8]]) { self.pieces = Mutex(pieces) }

    func next(on loop: EventLoop) -> [UInt8]? {
        #expect(EventLoop.current === loop)
        return pieces.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
