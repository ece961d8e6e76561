import Glibc
import Testing

@testable import HTTP

@Suite struct ResponseReaderTests {
    /// Reads a text whole, or byte for byte, as a connection may bring it.
    private static func read(_ text: String, limit: Int = 1000, inPieces: Bool = false, ends: Bool = false)
        throws(ResponseReader.Failure) -> ResponseReader
    {
        var reader = ResponseReader(limit: limit)
        var pending: [UInt8] = []
        for piece in inPieces ? text.utf8.map({ [$0] }) : [Array(text.utf8)] {
            pending += piece
            let taken = try reader.read(pending.span)
            pending.removeFirst(taken)
        }
        if ends { try reader.end() }
        return reader
    }

    static let head = "HTTP/1.1 200 OK\r\n"

    struct Body {
        let text: String
        let body: String
        var keeps = true

        init(_ text: String, _ body: String, _ keeps: Bool = true) {
            (self.text, self.body, self.keeps) = (text, body, keeps)
        }
    }

    static let bodies: [Body] = [
        Body(head + "Content-Length: 5\r\n\r\nhello", "hello", true),
        Body(head + "CONTENT-LENGTH:  5 \r\n\r\nhello", "hello", true),
        Body("HTTP/1.1 200 OK\nContent-Length: 2\n\nab", "ab", true),
        Body(head + "Content-Length: 0\r\n\r\n", "", true),
        Body(head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", "ab", true),
        Body(head + "Connection: close\r\nContent-Length: 1\r\n\r\nx", "x", false),
        Body(head + "Connection: x, Close\r\nContent-Length: 1\r\n\r\nx", "x", false),
        Body(head + "Connection: closet\r\nContent-Length: 1\r\n\r\nx", "x", true),
        Body("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "x", false),
        Body("HTTP/1.1 204 No Content\r\n\r\n", "", true),
        Body("HTTP/1.1 100 Continue\r\n\r\n" + head + "Content-Length: 1\r\n\r\nx", "x", true),
        Body(
            head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
            "abc0123456789", true),
        Body(
            head + "Transfer-Encoding: Chunked\r\nContent-Length: 9\r\n\r\n1 \r\na\r\n0\r\nX: y\r\n\r\n", "a",
            true),
    ]

    @Test(arguments: bodies, [false, true])
    func `reads every form of a body`(_ response: Body, inPieces: Bool) throws {
        var reader = try Self.read(response.text, inPieces: inPieces)
        #expect(reader.keepsConnection == response.keeps)
        let taken = reader.take()
        #expect(taken.map { String(decoding: $0.body, as: UTF8.self) } == response.body)
    }

    @Test func `a body without a length is what comes until the end`() throws {
        var reader = try Self.read(Self.head + "\r\nabc", ends: true)
        #expect(!reader.keepsConnection)
        #expect(reader.take()?.body == Array("abc".utf8))
    }

    @Test func `leaves what comes behind the response`() throws {
        var reader = ResponseReader(limit: 10)
        let bytes = Array((Self.head + "Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n").utf8)
        #expect(try reader.read(bytes.span) == bytes.count - Self.head.utf8.count)
        #expect(reader.take()?.body == Array("ab".utf8))
    }

    /// Reads what `recv` would have given, one piece a call; negative numbers are errors.
    private static func read(_ pieces: [Result<String, Errno>], limit: Int = 1000) throws -> (
        outcome: ResponseReader.Outcome, reader: ResponseReader
    ) {
        var reader = ResponseReader(limit: limit)
        var left = pieces[...]
        var outcome = ResponseReader.Outcome.waits
        while outcome == .waits, !left.isEmpty {
            outcome = try unsafe reader.read { room in
                switch left.popFirst() {
                case .success(let text):
                    unsafe room.copyBytes(from: text.utf8)
                    return text.utf8.count
                case .failure(let error): errno = error.number
                case nil: errno = EAGAIN
                }
                return -1
            }
        }
        #expect(left.isEmpty)
        return (outcome, reader)
    }

    struct Errno: Error { let number: Int32 }

    @Test func `what was received is read as far as it goes`() throws {
        let begin = Result<String, Errno>.success(Self.head + "Content-Length: 5\r\n\r\n")
        #expect(try Self.read([begin]).outcome == .waits)
        #expect(try Self.read([.failure(Errno(number: EAGAIN))]).outcome == .waits)
        #expect(try Self.read([.failure(Errno(number: ECONNRESET))]).outcome == .broken(ECONNRESET))
        #expect(try Self.read([.success("")]).outcome == .closed)
        var (outcome, reader) = try Self.read([
            .failure(Errno(number: EINTR)), .success(Self.head + "Content-Length: 2\r\n\r\nab"),
        ])
        #expect(outcome == .complete)
        #expect(reader.take()?.body == Array("ab".utf8))
        #expect(throws: ResponseReader.Failure.self) {
            try Self.read([.success("HTTP/1.0 200 OK\r\nA"), .success("")])
        }
    }

    static let refused: [(String, HTTPError.Code)] = [
        ("SSH-2.0-OpenSSH\r\n", HTTPError.Code.receive),
        ("HTTP/1.1 99999999999999999999 OK\r\n", .receive),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", .receive),
        (head + "Content-Length: -1\r\n\r\n", .receive),
        (head + "Content-Length: +1\r\n\r\n", .receive),
        (head + "Content-Length: 1, 2\r\n\r\n", .receive),
        (head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", .receive),
        (head + "Content-Length: 1001\r\n\r\n", .responseTooLarge),
        (head + "Transfer-Encoding: gzip, chunked\r\n\r\n", .receive),
        (head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", .receive),
        (head + "Transfer-Encoding: chunked\r\n\r\n\r\n", .receive),
        (head + "Transfer-Encoding: chunked\r\n\r\n2x\r\nab\r\n", .receive),
        (head + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", .receive),
        (head + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", .responseTooLarge),
        (head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n", .responseTooLarge),
    ]

    @Test(arguments: refused)
    func `refuses what is no response or too much of one`(_ text: String, _ code: HTTPError.Code) {
        #expect { try Self.read(text) } throws: { ($0 as? ResponseReader.Failure)?.code == code }
    }

    /// No arguments of a test: those are shown.
    @Test func `a body, a line and a head have their limits`() {
        for text in [
            Self.head + "\r\n" + String(repeating: "x", count: 1001),
            Self.head + "A: " + String(repeating: "x", count: ResponseReader.lineLimit),
            Self.head + String(repeating: "A: b\r\n", count: 50_000),
        ] {
            #expect {
                try Self.read(text)
            } throws: {
                ($0 as? ResponseReader.Failure)?.code == .responseTooLarge
            }
        }
    }

    static let cut: [(String, HTTPError.Code)] = [
        ("", HTTPError.Code.receive), ("HTTP/1.1 20", .truncated), (head + "A: b\r\n", .truncated),
        (head + "Content-Length: 3\r\n\r\nab", .truncated),
        (head + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", .truncated),
        (head + "Transfer-Encoding: chunked\r\n\r\n0\r\n", .truncated),
    ]

    @Test(arguments: cut)
    func `an end too early is no response`(_ text: String, _ code: HTTPError.Code) {
        #expect { try Self.read(text, ends: true) } throws: { ($0 as? ResponseReader.Failure)?.code == code }
    }
}
