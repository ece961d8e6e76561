import HTTP
import Synchronization
import TestSupport
import Testing

/// Field lines after a chunked body (RFC 9112 §7.1.2).
@Suite(.timeLimit(.minutes(1))) struct TrailersTests {
    /// A body of these pieces, then these trailers; gives back what the server read.
    private func exchange(
        pieces: [String], length: Int? = nil, _ trailers: @escaping @Sendable () -> HTTPHeaders
    ) async throws -> ScriptedServer.Connection.Request {
        let seen = Mutex<ScriptedServer.Connection.Request?>(nil)
        let server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                seen.withLock { $0 = request }
                try connection.respond(202)
            }
        }
        let rest = Mutex(pieces.map { Array($0.utf8) })
        try await withClient { client in
            var request = HTTPClient.Request(
                .post, server.url(),
                body: .stream(length: length) {
                    rest.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                })
            request.trailers = trailers
            let first = try await client.send(request)
            #expect(first.status == 202)
            // The connection is in order after them.
            let second = try await client.send(.init(.post, server.url("/2"), body: .bytes([1])))
            #expect(second.status == 202)
            #expect(server.connectionCount == 1)
            rest.withLock { $0 = pieces.map { Array($0.utf8) } }
            let third = try await client.send(request)
            #expect(third.status == 202)
        }
        return try #require(seen.withLock { $0 })
    }

    @Test func theyFollowTheLastChunk() async throws {
        let request = try await exchange(pieces: ["one", "two"]) { ["X-Sum": "abc", "X-Count": "2"] }
        #expect(request.body == Array("onetwo".utf8))
        #expect(request.trailers == ["X-Sum: abc", "X-Count: 2"])
    }

    @Test func theyAreAskedForWhenTheBodyHasEnded() async throws {
        let count = Mutex(0)
        let request = try await exchange(pieces: ["one"]) {
            count.withLock {
                $0 += 1
                return ["X-Asked": "\($0)"]
            }
        }
        #expect(request.trailers == ["X-Asked: 2"])
    }

    @Test func anEmptyBodyHasThemToo() async throws {
        let request = try await exchange(pieces: []) { ["X-Sum": "0"] }
        #expect(request.body == [])
        #expect(request.trailers == ["X-Sum: 0"])
    }

    @Test(arguments: [[:], ["X-Sum": "a\r\nX-Evil: 1"]] as [HTTPHeaders])
    func noneAreSentOfNothingOrOfWhatCannotBeSent(trailers: HTTPHeaders) async throws {
        let request = try await exchange(pieces: ["one"]) { trailers }
        #expect(request.trailers == [])
        #expect(request.body == Array("one".utf8))
    }

    @Test func aBodyOfKnownLengthHasNone() async throws {
        let request = try await exchange(pieces: ["one"], length: 3) { ["X-Sum": "abc"] }
        #expect(request.body == Array("one".utf8))
        #expect(request.trailers == [])
    }
}
