@testable import HTTP
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct WebSocketTests {
    @Test func messagesComeBack() async throws {
        let server = try EchoServer()
        try await withClient { client in
            let socket = try await client.webSocket(server.url())
            let messages: [WebSocket.Message] = [
                .text("hello"), .text(""), .text("grüße"), .binary([]),
                .binary([UInt8](repeating: 7, count: 3 << 20)),
            ]
            for message in messages {
                try await socket.send(message)
                #expect(try await socket.receive() == message)
            }
            await socket.close(code: 3001)
            #expect(await socket.closing == .init(code: 3001, reason: ""))
            #expect(try await socket.receive() == nil)
            let error = await #expect(throws: HTTPError.self) { try await socket.send(.text("late")) }
            #expect(error?.code == .webSocketClosed)
            await socket.close()
            #expect(client.connectionsOpened == 1)
        }
    }

    @Test func sendingAndReceivingAtOnceBesideOrdinaryRequests() async throws {
        let server = try EchoServer()
        let ordinary = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(body: "ok")
            }
        }
        try await withClient { client in
            let socket = try await client.webSocket(server.url())
            let received = client.loop.task {
                var count = 0
                while count < 200, let message = try await socket.receive() {
                    #expect(message == .text("\(count)"))
                    count += 1
                }
                return count
            }
            for index in 0..<200 {
                try await socket.send(.text("\(index)"))
                if index % 50 == 0 {
                    #expect(try await client.send(.init(.get, ordinary.url())).status == 200)
                }
            }
            #expect(try await received.value == 200)
            await socket.close()
        }
    }

    @Test func fragmentsAndPings() async throws {
        let server = try ScriptedServer { connection in
            try connection.acceptWebSocket()
            try connection.writeFrame(0x01, Array("Hel".utf8))
            try connection.writeFrame(0x89, Array("ping".utf8))
            try connection.writeFrame(0x8A, [])
            try connection.writeFrame(0x80, Array("lo".utf8))
            let pong = try connection.readFrame()
            let ping = try connection.readFrame()
            try connection.writeFrame(0x82, [pong.first] + pong.payload + [ping.first])
            connection.waitForHangUp()
        }
        try await withClient { client in
            let socket = try await client.webSocket(server.url(scheme: "ws"))
            #expect(try await socket.receive() == .text("Hello"))
            try await socket.ping()
            #expect(try await socket.receive() == .binary([0x8A] + Array("ping".utf8) + [0x89]))
        }
    }

    @Test func thePeersCloseIsAnsweredAndEndsTheStream() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let server = try ScriptedServer { connection in
            try connection.acceptWebSocket()
            try connection.writeFrame(0x81, Array("last".utf8))
            try connection.writeFrame(0x88, [0x03, 0xE9] + Array("going away".utf8))
            let frame = try connection.readFrame()
            continuation.yield([frame.first] + frame.payload)
        }
        try await withClient { client in
            let socket = try await client.webSocket(server.url(scheme: "ws"))
            #expect(try await socket.receive() == .text("last"))
            #expect(await socket.closing == nil)
            #expect(try await socket.receive() == nil)
            #expect(try await socket.receive() == nil)
            #expect(await socket.closing == .init(code: 1001, reason: "going away"))
        }
        var answers = stream.makeAsyncIterator()
        #expect(await answers.next() == [0x88, 0x03, 0xE9])
    }

    @Test(arguments: [true, false]) func aPeerThatVanishes(withReset: Bool) async throws {
        let server = try ScriptedServer { connection in
            try connection.acceptWebSocket()
            try connection.writeFrame(0x81, Array("last".utf8))
            _ = try connection.readFrame()
            if withReset { connection.reset() }
        }
        try await withClient { client in
            let socket = try await client.webSocket(server.url(scheme: "ws"))
            #expect(try await socket.receive() == .text("last"))
            try await socket.send(.text("bye"))
            for _ in 0..<2 {
                let error = await #expect(throws: HTTPError.self) { try await socket.receive() }
                #expect(error?.code == .webSocketClosed)
            }
        }
    }

    @Test(
        arguments: [
            (0x81, [0xFF], [0x03, 0xEF]), (0x83, [], [0x03, 0xEA]),
            (0x82, [UInt8](repeating: 0, count: 101), [0x03, 0xF1]),
            (0x88, [1], [0x03, 0xEA]),
        ] as [(UInt8, [UInt8], [UInt8])])
    func aPeerThatBreaksTheProtocolIsToldWhy(first: UInt8, payload: [UInt8], code: [UInt8]) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let server = try ScriptedServer { connection in
            try connection.acceptWebSocket()
            try connection.writeFrame(first, payload)
            let frame = try connection.readFrame()
            continuation.yield([frame.first] + frame.payload)
        }
        try await withClient { client in
            let socket = try await client.webSocket(server.url(scheme: "ws"), frameLimit: 100)
            let error = await #expect(throws: HTTPError.self) { try await socket.receive() }
            #expect(error?.code == .webSocketProtocol)
        }
        var answers = stream.makeAsyncIterator()
        #expect(await answers.next() == [0x88] + code)
    }

    @Test func aServerThatDeclines() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond(403, body: "no")
        }
        try await withClient { client in
            let url = server.url("/ws?token=secret", scheme: "ws")
            let error = await #expect(throws: HTTPError.self) { _ = try await client.webSocket(url) }
            #expect(error?.code == .webSocketHandshake)
            #expect(
                error?.description
                    == "webSocketHandshake failed for ws://127.0.0.1:\(server.port)/ws?…: the server answered 403"
            )
        }
    }

    @Test func aWrongAcceptIsRefused() async throws {
        let server = try ScriptedServer { try $0.acceptWebSocket(accept: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=") }
        try await withClient { client in
            let error = await #expect(throws: HTTPError.self) {
                _ = try await client.webSocket(server.url(scheme: "ws"))
            }
            #expect(error?.code == .webSocketHandshake)
        }
    }

    @Test func aHandshakeThatNeverEndsAndOneThatNeverBegins() async throws {
        let server = try ScriptedServer { $0.waitForHangUp() }
        try await withClient { client in
            var timeouts = HTTPClient.Timeouts()
            timeouts.total = .milliseconds(50)
            let short = timeouts
            let silent = await #expect(throws: HTTPError.self) {
                _ = try await client.webSocket(server.url(scheme: "ws"), timeouts: short)
            }
            #expect(silent?.code == .timeout)
            let url = server.url(scheme: "ws")
            server.stop()
            let refused = await #expect(throws: HTTPError.self) { _ = try await client.webSocket(url) }
            #expect(refused?.code == .connect)
            #expect(refused?.mayHaveBeenSent == false)
            let wrong = await #expect(throws: HTTPError.self) { _ = try await client.webSocket(server.url()) }
            #expect(wrong?.code == .invalidRequest)
        }
    }

    @Test func aCancelledReceiveLosesNothing() async throws {
        let gate = Gate()
        let server = try ScriptedServer { connection in
            try connection.acceptWebSocket()
            try connection.write([0x81, 0x05] + Array("He".utf8))
            gate.waitUntilOpen()
            try connection.write("llo")
            connection.waitForHangUp()
        }
        try await withClient { client in
            let socket = try await client.webSocket(server.url(scheme: "ws"))
            for onTheLoop in [true, false] {
                let task =
                    onTheLoop
                    ? client.loop.task { try await socket.receive() } : Task { try await socket.receive() }
                task.cancel()
                let error = await #expect(throws: HTTPError.self) { try await task.value }
                #expect(error?.code == .cancelled)
            }
            gate.open()
            #expect(try await socket.receive() == .text("Hello"))
        }
    }

    @Test func aCancelledSendDropsTheConnection() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let gate = Gate()
        defer { gate.open() }
        let held = try ScriptedServer { connection in
            try connection.acceptWebSocket()
            _ = try connection.read(1)
            continuation.yield()
            gate.waitUntilOpen()
        }
        try await withClient { client in
            let socket = try await client.webSocket(held.url(scheme: "ws"))
            let task = client.loop.task {
                try await socket.send(.binary([UInt8](repeating: 0, count: 64 << 20)))
            }
            var events = stream.makeAsyncIterator()
            await events.next()
            task.cancel()
            let error = await #expect(throws: HTTPError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            await #expect(throws: HTTPError.self) { try await socket.send(.text("more")) }
        }
    }

    @Test func droppingTheSocketDropsTheConnection() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try ScriptedServer { connection in
            try connection.acceptWebSocket()
            connection.waitForHangUp()
            continuation.yield()
        }
        try await withClient { client in
            do { _ = try await client.webSocket(server.url(scheme: "ws")) }
            var events = stream.makeAsyncIterator()
            await events.next()
        }
    }

    @Test func closingDoesNotWaitForAPeerThatNeverAnswers() async throws {
        let server = try ScriptedServer { connection in
            try connection.acceptWebSocket()
            while true { try connection.writeFrame(0x81, Array("chatter".utf8)) }
        }
        try await withClient { client in
            let socket = try await client.webSocket(server.url(scheme: "ws"))
            await socket.close()
            #expect(try await socket.receive() == nil)
        }
    }
}
