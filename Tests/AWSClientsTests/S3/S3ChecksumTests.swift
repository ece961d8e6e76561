import HTTP
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct S3ChecksumTests {
    private static let body = Array("the body of an object".utf8)

    private func put(
        _ options: S3.PutOptions = .init(), _ change: (inout AWSClient.Configuration) -> Void = { _ in }
    ) async throws -> StrictServer.Request {
        let server = try StrictServer { _, _ in .answer(200, ["ETag": "\"e\""]) }
        try await S3(server.client(change)).put(Self.body, bucket: "bucket", key: "k", options: options)
        #expect(server.refusals == [])
        return try #require(server.requests.first)
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func anObjectGoesWithItsChecksum(_ algorithm: ChecksumAlgorithm) async throws {
        var options = S3.PutOptions()
        options.checksum = algorithm
        // The server computes it anew; a wrong one is refused with BadDigest.
        let request = try await put(options)
        let name = algorithm.rawValue.lowercased()
        #expect(request.headers["x-amz-checksum-\(name)"] == ChecksumVerifier.value(name, Self.body))
        #expect(request.headers["x-amz-sdk-checksum-algorithm"] == algorithm.rawValue)
    }

    @Test(arguments: [
        ([:], true), (["AWS_REQUEST_CHECKSUM_CALCULATION": "WHEN_SUPPORTED"], true),
        (["AWS_REQUEST_CHECKSUM_CALCULATION": ""], true),
        (["AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"], false),
    ])
    func theVariableSaysWhetherOneIsSentUnasked(_ variables: [String: String], _ isSent: Bool) async throws {
        let environment = variables.merging(["AWS_REGION": StrictServer.region]) { $1 }
        let policy = try AWSClient.Configuration(environment: environment).requestChecksums
        let request = try await put { $0.requestChecksums = policy }
        #expect((request.headers["x-amz-checksum-crc64nvme"] != nil) == isSent)
    }

    @Test(arguments: ["AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION"])
    func anotherValueIsRefused(_ variable: String) {
        let error = #expect(throws: AWSError.self) {
            try AWSClient.Configuration(environment: ["AWS_REGION": "eu-west-1", variable: "always"])
        }
        #expect(
            error?.message == "\(variable) is \"always\"; expected when_supported or when_required")
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func aStreamGoesWithItsChecksumBehindIt(_ algorithm: ChecksumAlgorithm) async throws {
        let server = try StrictServer { _, _ in .answer(200, ["ETag": "\"e\""]) }
        var options = S3.PutOptions()
        options.checksum = algorithm
        let source = Locked<[UInt8]?>([UInt8](repeating: 7, count: 100_000))
        try await S3(server.client()).put(length: 100_000, bucket: "bucket", key: "k", options: options) {
            source.withLock { $0.take() }
        }
        #expect(server.refusals == [])
        let request = try #require(server.requests.first)
        #expect(request.body.count == 100_000)
        #expect(request.headers["x-amz-content-sha256"] == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
        #expect(request.headers["x-amz-trailer"] == algorithm.header)
    }

    @Test func anUnsignedStreamGoesOnlyOverTLS() async throws {
        let server = try StrictServer()
        var options = S3.PutOptions()
        options.signsStream = false
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) {
            try await s3.put(length: 1, bucket: "bucket", key: "k", options: options) { [1] }
        }
        #expect(error?.message == "an unsigned stream goes only over TLS")
        #expect(server.connectionCount == 0)
    }

    /// The client refuses to send one without TLS, so the request is made here.
    @Test func theServerTakesAnUnsignedStreamWithItsTrailer() async throws {
        let server = try StrictServer()
        let client = try server.client()
        var call = try S3(client).call("PutObject", .put, bucket: "bucket", key: "k")
        let source = Locked<[UInt8]?>(Self.body)
        call.body = .chunked(
            ChunkedEncoding(isSigned: false, trailer: .crc32c), length: Self.body.count
        ) { source.withLock { $0.take() } }
        try await client.send(call) { _ in }
        #expect(server.refusals == [])
        #expect(server.requests.first?.body == Self.body)
        #expect(
            server.requests.first?.headers["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    }

    @Test(arguments: ["crc32", "crc32c", "crc64nvme", "sha256"])
    func aWrongChecksumIsRetriedAndThenAnError(_ name: String) async throws {
        let right = try #require(ChecksumVerifier.value(name, Array("content".utf8)))
        let wrong = try #require(ChecksumVerifier.value(name, Array("c0ntent".utf8)))
        let mends = try StrictServer { _, number in
            .answer(200, ["x-amz-checksum-\(name)": number == 0 ? wrong : right], "content")
        }
        let got = try await S3(mends.client()).get(bucket: "bucket", key: "k")
        #expect(got == Array("content".utf8))
        #expect(mends.requests.map { $0.headers["x-amz-checksum-mode"] } == ["ENABLED", "ENABLED"])

        let never = try StrictServer { _, _ in
            .answer(200, ["x-amz-checksum-\(name)": wrong], "content")
        }
        let s3 = S3(try never.client())
        let error = await #expect(throws: AWSError.self) { try await s3.get(bucket: "bucket", key: "k") }
        #expect(error?.code == .malformedResponse)
        #expect(error?.message == "the body does not match its x-amz-checksum-\(name)")
        #expect(error?.attempts == 3)
        // Of a stream it is known only at the end.
        let body = try await s3.stream(bucket: "bucket", key: "k")
        #expect(try await body.next() == Array("content".utf8))
        let late = await #expect(throws: AWSError.self) { try await body.next() }
        #expect(late?.code == .malformedResponse)
    }

    @Test func whatIsNotOfTheWholeObjectIsNotCompared() async throws {
        let server = try StrictServer { request, _ in
            request.headers["range"] == nil
                ? .answer(200, ["x-amz-checksum-crc32": "AAAAAA==-3"], "content")
                : .answer(206, ["Content-Range": "bytes 0-2/7", "x-amz-checksum-crc32": "AAAAAA=="], "con")
        }
        let s3 = S3(try server.client())
        #expect(try await s3.get(bucket: "bucket", key: "k") == Array("content".utf8))
        var options = S3.GetOptions()
        options.range = .bytes(0...2)
        #expect(try await s3.get(bucket: "bucket", key: "k", options: options) == Array("con".utf8))
        #expect(server.requests[1].headers["x-amz-checksum-mode"] == nil)
    }

    @Test func whenRequiredNoneIsAskedForOrCompared() async throws {
        let server = try StrictServer { _, _ in
            .answer(200, ["x-amz-checksum-crc32": "AAAAAA=="], "content")
        }
        let s3 = S3(try server.client { $0.responseChecksums = .whenRequired })
        #expect(try await s3.get(bucket: "bucket", key: "k") == Array("content".utf8))
        #expect(server.requests.first?.headers["x-amz-checksum-mode"] == nil)
    }
}
