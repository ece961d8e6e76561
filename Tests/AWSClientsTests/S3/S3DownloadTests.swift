import HTTP
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct S3DownloadTests {
    private static let content = String(repeating: "0123456789", count: 1000)
    private static let etag = "\"one\""

    /// Sends `keeping` bytes of what is asked for and hangs up.
    private static func cut(_ request: StrictServer.Request, keeping: Int) -> StrictServer.Reply {
        let start = request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
        let rest = content.dropFirst(start)
        let range = "Content-Range: bytes \(start)-\(content.utf8.count - 1)/\(content.utf8.count)\r\n"
        let checksum = ChecksumVerifier.value("crc64nvme", Array(content.utf8)) ?? ""
        return .raw(
            "HTTP/1.1 \(start > 0 ? 206 : 200) OK\r\nETag: \(etag)\r\nContent-Length: \(rest.utf8.count)\r\n"
                + (start > 0 ? range : "x-amz-checksum-crc64nvme: \(checksum)\r\n") + "\r\n"
                + rest.prefix(keeping))
    }

    private func read(_ body: S3.Body) async throws -> String {
        var bytes: [UInt8] = []
        for try await piece in body { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func aDownloadThatBreaksGoesOnWhereItStood() async throws {
        let server = try StrictServer { request, _ in Self.cut(request, keeping: 4000) }
        let body = try await S3(server.client()).stream(bucket: "bucket", key: "k")
        #expect(body.info.size == 10_000)
        #expect(try await read(body) == Self.content)
        #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=4000-", "bytes=8000-"])
        #expect(server.requests.map { $0.headers["if-match"] } == [nil, Self.etag, Self.etag])
        #expect(server.refusals == [])
    }

    @Test func anObjectThatChangedMeanwhileIsAnError() async throws {
        let server = try StrictServer { request, number in
            number == 0 ? Self.cut(request, keeping: 4000) : .answer(412)
        }
        let body = try await S3(server.client()).stream(bucket: "bucket", key: "k")
        let error = await #expect(throws: AWSError.self) { _ = try await read(body) }
        #expect(error?.code == .preconditionFailed)
    }

    @Test func aServerThatIgnoresTheRangeIsNotBelieved() async throws {
        let server = try StrictServer { request, number in
            number == 0 ? Self.cut(request, keeping: 4000) : .answer(200, [:], Self.content)
        }
        let body = try await S3(server.client()).stream(bucket: "bucket", key: "k")
        let error = await #expect(throws: AWSError.self) { _ = try await read(body) }
        #expect(error?.message == "the answer is not the range asked for")
    }

    @Test func withoutProgressItEnds() async throws {
        let server = try StrictServer { request, number in
            Self.cut(request, keeping: number == 0 ? 4000 : 0)
        }
        let body = try await S3(server.client()).stream(bucket: "bucket", key: "k")
        let error = await #expect(throws: AWSError.self) { _ = try await read(body) }
        #expect(error?.code == .transport)
        #expect(error?.attempts == 3)
        #expect(server.requests.count == 3)
    }

    @Test func whatIsNotAskedForIsNotRead() async throws {
        // Far more than the sockets' buffers hold: the server can send it all only when somebody reads.
        let size = 64 << 20
        let server = try StrictServer { _, _ in
            .answer(200, [:], String(repeating: "x", count: size))
        }
        let body = try await S3(server.client()).stream(bucket: "bucket", key: "k")
        var largest = 0
        var count = 0
        while let piece = try await body.next() {
            largest = max(largest, piece.count)
            count += piece.count
        }
        #expect(count == size)
        #expect(largest <= 1 << 20)
    }

    @Test(arguments: [
        (S3.ByteRange.bytes(2...4), "bytes=2-4"), (.from(7), "bytes=7-"), (.last(3), "bytes=-3"),
    ])
    func aRangeIsAskedForAsHTTPHasIt(_ range: S3.ByteRange, _ header: String) async throws {
        let server = try StrictServer { _, _ in .answer(206, ["Content-Range": "bytes 2-4/100"], "234") }
        let s3 = S3(try server.client())
        var options = S3.GetOptions()
        options.range = range
        #expect(try await s3.get(bucket: "bucket", key: "k", options: options) == Array("234".utf8))
        let body = try await s3.stream(bucket: "bucket", key: "k", options: options)
        #expect(body.info.size == 100)
        #expect(server.requests.map { $0.headers["range"] } == [header, header])
    }

    @Test(arguments: [S3.ByteRange.bytes(-2...4), .from(-1), .last(0)])
    func aRangeOfNothingIsRefused(_ range: S3.ByteRange) async throws {
        let server = try StrictServer()
        let s3 = S3(try server.client())
        var options = S3.GetOptions()
        options.range = range
        let error = await #expect(throws: AWSError.self) {
            try await s3.get(bucket: "bucket", key: "k", options: options)
        }
        #expect(error?.code == .invalidInput)
        #expect(server.connectionCount == 0)
    }

    @Test func conditionsAndVersionsAreSaidAndTheirAnswersNamed() async throws {
        let server = try StrictServer { request, _ in
            .answer(request.headers["if-none-match"] == nil ? 412 : 304)
        }
        let s3 = S3(try server.client())
        var options = S3.GetOptions()
        options.onlyIfChanged = "\"one\""
        options.versionID = "v+1"
        let same = await #expect(throws: AWSError.self) {
            try await s3.get(bucket: "bucket", key: "k", options: options)
        }
        #expect(same?.code == .notModified)
        #expect(
            await #expect(throws: AWSError.self) {
                try await s3.head(bucket: "bucket", key: "k", options: options)
            }?.code == .notModified)
        options = .init()
        options.onlyIfMatches = "\"two\""
        let other = await #expect(throws: AWSError.self) {
            try await s3.stream(bucket: "bucket", key: "k", options: options)
        }
        #expect(other?.code == .preconditionFailed)
        #expect(server.requests[0].query["versionId"] == "v+1")
        #expect(server.requests[2].headers["if-match"] == "\"two\"")
    }
}
