import HTTP
import Testing
import Time

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct S3Tests {
    static let oddKeys: [(String, String)] = [
        ("a", "/bucket/a"), ("a/b.png", "/bucket/a/b.png"), ("a b", "/bucket/a%20b"),
        ("a+b", "/bucket/a%2Bb"),
        ("100%", "/bucket/100%25"), ("a%20b", "/bucket/a%2520b"), ("a//b", "/bucket/a//b"),
        ("/a", "/bucket//a"), ("a/", "/bucket/a/"),
        ("a/./b", "/bucket/a/./b"), ("a/../b", "/bucket/a/../b"), ("..", "/bucket/.."),
        ("ü/ሴ", "/bucket/%C3%BC/%E1%88%B4"),
        ("a?b#c&d=e", "/bucket/a%3Fb%23c%26d%3De"), ("a:b;c,d@e", "/bucket/a%3Ab%3Bc%2Cd%40e"),
        ("~-_.!*'()", "/bucket/~-_.%21%2A%27%28%29"), ("\"<>\\^`{|}", "/bucket/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("tab\tnew\nline", "/bucket/tab%09new%0Aline"),
        (String(repeating: "k", count: 1024), "/bucket/" + String(repeating: "k", count: 1024)),
    ]

    @Test(arguments: oddKeys)
    func aKeyIsEncodedOnceAndNotNormalised(_ key: String, _ path: String) async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], "content") }
        let s3 = S3(try server.client())
        #expect(try await s3.get(bucket: "bucket", key: key) == Array("content".utf8))
        #expect(server.requests.map(\.target) == [path])
        let presigned = try await s3.presignGet(bucket: "bucket", key: key, expiresIn: .seconds(60))
        let response = try await TestLoop.http.send(.init(.get, try #require(URL(presigned.url))))
        #expect(response.status == 200)
        #expect(server.refusals == [])
    }

    @Test func putSendsWhatGoesWithTheObject() async throws {
        let server = try StrictServer { _, _ in .answer(200, ["ETag": "\"e\""]) }
        var options = S3.PutOptions(contentType: "image/png")
        options.contentDisposition = "attachment; filename=\"x y.png\""
        options.cacheControl = "no-store"
        options.metadata = ["Seed": "42"]
        options.onlyIfAbsent = true
        let info = try await S3(server.client()).put([1, 2, 3], bucket: "bucket", key: "k", options: options)
        #expect(info.etag == "\"e\"")
        let request = try #require(server.requests.first)
        #expect(request.method == "PUT")
        #expect(request.body == [1, 2, 3])
        #expect(request.headers["content-type"] == "image/png")
        #expect(request.headers["content-disposition"] == "attachment; filename=\"x y.png\"")
        #expect(request.headers["cache-control"] == "no-store")
        #expect(request.headers["x-amz-meta-seed"] == "42")
        #expect(request.headers["if-none-match"] == "*")
    }

    @Test(arguments: [0, 1, 65_536, 300_000])
    func aStreamOfKnownLengthIsSignedInChunks(_ length: Int) async throws {
        let server = try StrictServer { _, _ in .answer(200, ["ETag": "\"e\""]) }
        let body = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let rest = Locked(body[...])
        try await S3(server.client()).put(length: length, bucket: "bucket", key: "k") {
            rest.withLock { rest in
                guard !rest.isEmpty else { return nil }
                defer { rest = rest.dropFirst(50_000) }
                return Array(rest.prefix(50_000))
            }
        }
        #expect(server.refusals == [])
        #expect(server.requests.first?.body == body)
        #expect(server.requests.first?.headers["content-encoding"] == "aws-chunked")
    }

    @Test func aStreamIsNotRepeated() async throws {
        let server = try StrictServer { _, _ in .answer(503) }
        let s3 = S3(try server.client())
        let sent = Locked(false)
        let error = await #expect(throws: AWSError.self) {
            try await s3.put(length: 3, bucket: "bucket", key: "k") {
                sent.withLock { sent in
                    defer { sent = true }
                    return sent ? nil : [1, 2, 3]
                }
            }
        }
        #expect(error?.attempts == 1)
        #expect(server.requests.count == 1)
    }

    @Test func theBodySourcesOwnErrorIsBeneath() async throws {
        struct Broken: Error {}
        let server = try StrictServer()
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await s3.put(length: 3, bucket: "bucket", key: "k") { throw Broken() }
        }
        #expect(error?.code == .transport)
        #expect(error?.attempts == 1)
        #expect((error?.underlying as? HTTPError)?.underlying is Broken)
    }

    @Test func headAndStreamTellSizeTypeAndMetadata() async throws {
        let server = try StrictServer { request, _ in
            request.method == "HEAD"
                ? .answer(
                    200,
                    [
                        "ETag": "\"e\"", "Content-Length": "12", "Content-Type": "image/png",
                        "x-amz-meta-Seed": "42",
                    ])
                : .answer(200, ["Content-Type": "text/plain"], "some content")
        }
        let s3 = S3(try server.client())
        let head = try #require(try await s3.head(bucket: "bucket", key: "k"))
        #expect(head.etag == "\"e\"")
        #expect(head.size == 12)
        #expect(head.contentType == "image/png")
        #expect(head.metadata == ["seed": "42"])
        let body = try await s3.stream(bucket: "bucket", key: "k")
        #expect(body.info.size == 12)
        #expect(try await body.collect(limit: 100) == Array("some content".utf8))
    }

    @Test func aStreamThatCannotBeginIsAnErrorWithItsCode() async throws {
        let server = try StrictServer { _, _ in
            .answer(404, [:], "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")
        }
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) {
            _ = try await s3.stream(bucket: "bucket", key: "k")
        }
        #expect(error?.code == .noSuchKey)
        #expect(try await s3.head(bucket: "bucket", key: "k") == nil)
        #expect(
            await #expect(throws: AWSError.self) { try await s3.headBucket("bucket") }?.code == .noSuchBucket)
    }

    @Test func anObjectOverTheLimitIsNotTaken() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], "0123456789") }
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await s3.get(bucket: "bucket", key: "k", limit: 9)
        }
        #expect((error?.underlying as? HTTPError)?.code == .responseTooLarge)
        #expect(error?.attempts == 1)
    }

    @Test(arguments: [("us-east-1", ""), ("eu-west-1", "<LocationConstraint>eu-west-1</LocationConstraint>")])
    func aBucketIsMadeInTheClientsRegion(_ region: String, _ part: String) async throws {
        let call = try S3(AWSClient(http: TestLoop.http, configuration: .init(region: region)))
            .call("CreateBucket", .put, bucket: "bucket")
        #expect(call.hostPrefix == "bucket")
        let server = try StrictServer()
        try await S3(server.client()).createBucket("bucket")
        #expect(
            server.requests.first?.text
                == "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + "<LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>")
    }

    @Test func onAWSABucketIsAHostUnlessItHasDots() throws {
        let client = AWSClient(http: TestLoop.http, configuration: try .init(region: "eu-west-1"))
        let s3 = S3(client)
        let plain = try client.url(for: s3.call("GetObject", .get, bucket: "bucket", key: "a b"))
        #expect(plain.description == "https://bucket.s3.eu-west-1.amazonaws.com/a%20b")
        let dotted = try client.url(for: s3.call("GetObject", .get, bucket: "my.bucket", key: "a"))
        #expect(dotted.description == "https://s3.eu-west-1.amazonaws.com/my.bucket/a")
    }

    @Test func aBucketsPlaceCanBeChosen() throws {
        let client = AWSClient(http: TestLoop.http, configuration: try .init(region: "eu-west-1"))
        let path = try S3(client, addressing: .path).call("GetObject", .get, bucket: "bucket", key: "a")
        #expect(
            try client.url(for: path).description == "https://s3.eu-west-1.amazonaws.com/bucket/a")
        var configuration = try AWSClient.Configuration(region: "eu-west-1")
        configuration.endpoint = URL("http://storage.example.com:9000")
        let custom = AWSClient(http: TestLoop.http, configuration: configuration)
        let host = try S3(custom, addressing: .virtualHost).call(
            "GetObject", .get, bucket: "bucket", key: "a")
        #expect(
            try custom.url(for: host).description == "http://bucket.storage.example.com:9000/a")
    }
}

@Suite(.timeLimit(.minutes(1))) struct S3PresignedTests {
    @Test func aPresignedPutTakesExactlyWhatWasSigned() async throws {
        let server = try StrictServer()
        let presigned = try await S3(server.client()).presignPut(
            bucket: "bucket", key: "k", expiresIn: .seconds(60), contentType: "image/png", contentLength: 3,
            onlyIfAbsent: true)
        #expect(presigned.headers["content-type"] == "image/png")
        #expect(presigned.headers["content-length"] == "3")
        #expect(presigned.headers["if-none-match"] == "*")
        let url = try #require(URL(presigned.url))
        var headers: HTTPHeaders = ["content-type": "image/png", "if-none-match": "*"]
        let stored = try await TestLoop.http.send(
            .init(.put, url, headers: headers, body: .bytes([1, 2, 3])))
        #expect(stored.status == 200)
        let longer = try await TestLoop.http.send(
            .init(.put, url, headers: headers, body: .bytes([1, 2, 3, 4])))
        #expect(longer.status == 403)
        headers["content-type"] = "text/html"
        let other = try await TestLoop.http.send(.init(.put, url, headers: headers, body: .bytes([1, 2, 3])))
        #expect(other.status == 403)
    }

    @Test func responseHeadersAreSigned() async throws {
        let server = try StrictServer()
        let presigned = try await S3(server.client()).presignGet(
            bucket: "bucket", key: "k", expiresIn: .seconds(60),
            responseHeaders: ["response-content-disposition": "attachment; filename=\"a b.png\""])
        #expect(try await TestLoop.http.send(.init(.get, try #require(URL(presigned.url)))).status == 200)
        #expect(
            server.requests.first?.query["response-content-disposition"] == "attachment; filename=\"a b.png\""
        )
        var tampered = presigned.url
        tampered.append("&response-content-type=text%2Fhtml")
        #expect(try await TestLoop.http.send(.init(.get, try #require(URL(tampered)))).status == 403)
    }

    @Test func itDiesWithTheSessionTokenThatSignedIt() async throws {
        let server = try StrictServer()
        var credentials = StrictServer.credentials
        let end = Timestamp.now + .seconds(1000)
        credentials.expiration = end
        let s3 = S3(try server.client(credentials: credentials))
        #expect(try await s3.presignGet(bucket: "bucket", key: "k", expiresIn: .seconds(3600)).expires == end)
        #expect(try await s3.presignGet(bucket: "bucket", key: "k", expiresIn: .seconds(60)).expires < end)
        #expect(try await s3.client.credentialExpiration() == end)
    }

    @Test func itIsSignedByTheServicesClock() async throws {
        // The caller's clock is an hour behind: what it signed by its own time would have expired already.
        let server = try StrictServer { _, _ in .answer(200, [:], "content") }
        let s3 = S3(try server.client(clock: FakeClock(error: .seconds(-3600))))
        let early = try await s3.presignGet(bucket: "bucket", key: "k", expiresIn: .seconds(60))
        #expect(try await TestLoop.http.send(.init(.get, try #require(URL(early.url)))).status == 403)
        _ = try await s3.get(bucket: "bucket", key: "k")
        let late = try await s3.presignGet(bucket: "bucket", key: "k", expiresIn: .seconds(60))
        #expect(try await TestLoop.http.send(.init(.get, try #require(URL(late.url)))).status == 200)
        #expect(server.refusals.count == 2)
    }

    @Test(arguments: [Duration.zero, .seconds(-1), .seconds(604_801)])
    func itsLifeIsBounded(_ duration: Duration) async throws {
        let s3 = S3(try StrictServer().client())
        let error = await #expect(throws: AWSError.self) {
            try await s3.presignGet(bucket: "bucket", key: "k", expiresIn: duration)
        }
        #expect(
            error?.message
                == "an address for \(duration.components.seconds) s; 1 to 604,800 s (seven days) are allowed")
    }
}

@Suite(.timeLimit(.minutes(1))) struct S3MultipartTests {
    private static let mebibyte = 1 << 20

    private static func script(_ request: StrictServer.Request, completion: String) -> StrictServer.Reply {
        switch (request.method, request.query["uploadId"], request.query["partNumber"]) {
        case ("POST", nil, _): .answer(200, [:], "<R><UploadId>id+/=</UploadId></R>")
        case ("PUT", "id+/=", let part?): .answer(200, ["ETag": "\"part-\(part)\""])
        case ("PUT", nil, _): .answer(200, ["ETag": "\"whole\""])
        case ("POST", "id+/=", _): .answer(200, [:], completion)
        case ("DELETE", "id+/=", _): .answer(204)
        default: .answer(400)
        }
    }

    private func source(_ length: Int) -> @Sendable () async throws -> [UInt8]? {
        let rest = Locked(length)
        return {
            rest.withLock { rest in
                let count = min(rest, 3 * Self.mebibyte)
                rest -= count
                return count == 0 ? nil : [UInt8](repeating: 7, count: count)
            }
        }
    }

    @Test func aShortBodyIsOnePut() async throws {
        let server = try StrictServer { request, _ in Self.script(request, completion: "") }
        let info = try await S3(server.client()).upload(
            bucket: "bucket", key: "k", next: source(100))
        #expect(info.etag == "\"whole\"")
        #expect(server.requests.map(\.method) == ["PUT"])
    }

    @Test func aLongBodyGoesUpInParts() async throws {
        let server = try StrictServer { request, _ in
            Self.script(request, completion: "<R><ETag>\"all-3\"</ETag></R>")
        }
        let info = try await S3(server.client()).upload(
            bucket: "bucket", key: "k", next: source(11 * Self.mebibyte))
        #expect(info.etag == "\"all-3\"")
        #expect(server.requests.map(\.method) == ["POST", "PUT", "PUT", "PUT", "POST"])
        #expect(server.requests[0].headers["x-amz-checksum-algorithm"] == "CRC64NVME")
        #expect(server.requests[0].headers["x-amz-checksum-type"] == "FULL_OBJECT")
        // Parts go at once and arrive in any order.
        let parts = server.requests[1...3].sorted { $0.query["partNumber"]! < $1.query["partNumber"]! }
        #expect(parts.map(\.body.count) == [5, 5, 1].map { $0 * Self.mebibyte })
        let list = parts.enumerated().map { index, part in
            "<Part><PartNumber>\(index + 1)</PartNumber><ETag>&quot;part-\(index + 1)&quot;</ETag>"
                + "<ChecksumCRC64NVME>\(ChecksumVerifier.value("crc64nvme", part.body)!)</ChecksumCRC64NVME></Part>"
        }
        let completion = try #require(server.requests.last)
        #expect(
            completion.text
                == "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(list.joined())"
                + "</CompleteMultipartUpload>")
        #expect(
            completion.headers["x-amz-checksum-crc64nvme"]
                == ChecksumVerifier.value("crc64nvme", parts.flatMap(\.body)))
        #expect(server.refusals == [])
    }

    @Test func anErrorInsideA200IsOneAndTheUploadIsAborted() async throws {
        let server = try StrictServer { request, _ in
            Self.script(
                request,
                completion:
                    "<?xml version=\"1.0\"?>\n\n<Error><Code>InvalidPart</Code><Message>no</Message></Error>")
        }
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await s3.upload(
                bucket: "bucket", key: "k", next: source(6 * Self.mebibyte))
        }
        #expect(error?.code.rawValue == "InvalidPart")
        #expect(error?.operation == "CompleteMultipartUpload")
        #expect(server.requests.last?.method == "DELETE")
    }

    @Test func aSourceThatFailsAbortsTheUpload() async throws {
        struct Broken: Error {}
        let server = try StrictServer { request, _ in Self.script(request, completion: "") }
        let s3 = S3(try server.client())
        let given = Locked(0)
        let error = await #expect(throws: AWSError.self) {
            try await s3.upload(bucket: "bucket", key: "k") {
                let number = given.withLock { given in
                    given += 1
                    return given
                }
                if number > 2 { throw Broken() }
                return [UInt8](repeating: 7, count: 5 * Self.mebibyte)
            }
        }
        #expect(error?.underlying is Broken)
        #expect(server.requests.last?.method == "DELETE")
    }
}
