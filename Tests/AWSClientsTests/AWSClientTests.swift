import Crypto
import HTTP
import JSON
import Testing
import Time

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct AWSClientTests {
    private static let found = #"{"Item":{"a":{"S":"b"}}}"#

    private func get(_ client: AWSClient) async throws(AWSError) -> Item? {
        try await DynamoDB(client).get(["pk": .s("x")], from: "table")
    }

    @Test func aThrottledCallIsRepeatedAfterABackoff() async throws {
        let server = try StrictServer { _, number in
            number < 2
                ? .answer(400, [:], #"{"__type":"x#ThrottlingException","message":"slow"}"#)
                : .answer(200, [:], Self.found)
        }
        let clock = FakeClock()
        #expect(try await get(server.client(clock: clock)) == ["a": .s("b")])
        #expect(clock.sleeps == [.milliseconds(500), .seconds(1)])
        #expect(server.refusals == [])
        let headers = server.requests.map(\.headers)
        #expect(
            headers.map { $0["amz-sdk-request"] } == [
                "attempt=1; max=4", "attempt=2; max=4", "attempt=3; max=4",
            ])
        #expect(Set(headers.map { $0["amz-sdk-invocation-id"] }).count == 1)
        #expect(headers[0]["x-amz-target"] == "DynamoDB_20120810.GetItem")
    }

    @Test(arguments: [
        StrictServer.Reply.drop, .truncated(Self.found, keeping: 10),
        .answer(200, ["x-amz-crc32": "1"], Self.found),
        .answer(200, [:], #"{"Item":{"a""#), .answer(200, [:], #"{"Item":{"a":{"Q":1}}}"#),
        .answer(503, ["Content-Type": "text/html"], "<html>no</html>"), .answer(500), .answer(502),
        .answer(504),
        .answer(400, [:], #"{"__type":"x#TransactionInProgressException"}"#),
    ])
    func anAttemptThatFailedInPassingIsRepeated(_ reply: StrictServer.Reply) async throws {
        let server = try StrictServer { _, number in number == 0 ? reply : .answer(200, [:], Self.found) }
        #expect(try await get(server.client()) == ["a": .s("b")])
        #expect(server.requests.count == 2)
    }

    @Test func aRightChecksumPasses() async throws {
        // CRC-32 of `{}`, by Python's zlib.
        let server = try StrictServer { _, _ in .answer(200, ["x-amz-crc32": "2745614147"], "{}") }
        #expect(try await get(server.client()) == nil)
    }

    @Test(arguments: [
        ("ConditionalCheckFailedException", 400), ("ValidationException", 400),
        ("AccessDeniedException", 400),
        ("ResourceNotFoundException", 400), ("SomethingNew", 400), ("UnrecognizedClientException", 403),
    ])
    func whatWillFailAgainIsNotRepeated(_ code: String, _ status: Int) async throws {
        let server = try StrictServer { _, _ in
            .answer(
                status, ["x-amzn-RequestId": "REQ"], #"{"__type":"com.amazonaws#\#(code)","message":"no"}"#)
        }
        let client = try server.client()
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect(error?.code.rawValue == code)
        #expect(error?.description == "DynamoDB GetItem failed: \(code): no (HTTP \(status), request REQ)")
        #expect(error?.attempts == 1)
        #expect(server.requests.count == 1)
    }

    @Test func attemptsEnd() async throws {
        let server = try StrictServer { _, _ in .answer(503) }
        let clock = FakeClock()
        let client = try server.client(clock: clock)
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect(error?.code == .unknown)
        #expect(error?.attempts == 4)
        #expect(clock.sleeps == [.microseconds(12_500), .milliseconds(25), .milliseconds(50)])
        let one = try server.client { $0.maximumAttempts = 1 }
        #expect(await #expect(throws: AWSError.self) { try await get(one) }?.attempts == 1)
    }

    @Test func theServicesHintLengthensTheBackoff() async throws {
        let server = try StrictServer { _, number in
            number == 0 ? .answer(503, ["x-amz-retry-after": "2000"]) : .answer(200, [:], "{}")
        }
        let clock = FakeClock()
        _ = try await get(server.client(clock: clock))
        #expect(clock.sleeps == [.seconds(2)])
    }

    @Test func theCallsOwnLimitEndsItBeforeABackoffThatWouldNot() async throws {
        let server = try StrictServer { _, _ in .answer(503, ["x-amz-retry-after": "4000"]) }
        let clock = FakeClock()
        let client = try server.client(clock: clock) {
            $0.callTimeout = .seconds(10)
            $0.maximumAttempts = 10
        }
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect(error?.attempts == 3)
        #expect(clock.sleeps == [.seconds(4), .seconds(4)])
    }

    @Test func anEmptyBucketStopsRetriesButNotCalls() async throws {
        let server = try StrictServer { _, _ in .answer(503) }
        let client = try server.client {
            $0.maximumAttempts = 100
            $0.callTimeout = .seconds(100_000)
        }
        #expect(await #expect(throws: AWSError.self) { try await get(client) }?.attempts == 36)
        #expect(await #expect(throws: AWSError.self) { try await get(client) }?.attempts == 1)
    }

    @Test func whoInsistsIsNotStoppedByAnEmptyBucket() async throws {
        let server = try StrictServer { _, _ in .answer(503) }
        let client = try server.client()
        while client.quotas[.dynamoDB].take(for: .throttling) != nil {}
        #expect(await #expect(throws: AWSError.self) { try await get(client) }?.attempts == 1)
        let error = await #expect(throws: AWSError.self) {
            try await DynamoDB(client).insistent.get(["pk": .s("x")], from: "table")
        }
        #expect(error?.attempts == 4)
    }

    @Test(arguments: [Duration.seconds(600), .seconds(-600)])
    func aWrongClockIsSetRightByTheAnswer(_ error: Duration) async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], "{}") }
        let clock = FakeClock(error: error)
        let client = try server.client(clock: clock)
        _ = try await get(client)
        #expect(server.refusals.count == 1)
        #expect(clock.sleeps == [.zero])
        let difference = client.now - Timestamp.now
        #expect(difference < .seconds(5) && difference > .seconds(-5))
        // It is remembered: the next call needs no second attempt.
        _ = try await get(client)
        #expect(server.refusals.count == 1)
    }

    @Test func aWrongSecretIsNoSkew() async throws {
        let server = try StrictServer()
        var credentials = StrictServer.credentials
        credentials.secretAccessKey = "another"
        let client = try server.client(credentials: credentials)
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect(error?.code.rawValue == "SignatureDoesNotMatch")
        #expect(error?.attempts == 1)
        #expect(error?.description.contains("another") == false)
    }

    @Test func anAttemptHasItsOwnLimit() async throws {
        let server = try StrictServer { _, number in number == 0 ? .stall : .answer(200, [:], Self.found) }
        let client = try server.client { $0.attemptTimeout = .milliseconds(200) }
        #expect(try await get(client) == ["a": .s("b")])
    }

    @Test func cancellingTheTaskEndsTheCall() async throws {
        let server = try StrictServer { _, _ in .stall }
        let client = try server.client()
        let call = TestLoop.loop.task { try await DynamoDB(client).get(["pk": .s("x")], from: "table") }
        while server.requests.isEmpty { try await TestLoop.loop.sleep(for: .milliseconds(5)) }
        call.cancel()
        let error = await #expect(throws: AWSError.self) { try await call.value }
        #expect(error?.code == .cancelled)
        #expect(server.requests.count == 1)
    }

    @Test func aServerThatIsNotThereIsATransportError() async throws {
        let server = try StrictServer()
        let client = try server.client { $0.endpoint = URL("http://127.0.0.1:1/") }
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect(error?.code == .transport)
        #expect(error?.attempts == 4)
        #expect((error?.underlying as? HTTPError)?.code == .connect)
    }

    @Test func anErrorOfTenMegabytesIsAnErrorAllTheSame() async throws {
        let server = try StrictServer { _, _ in .answer(500, [:], String(repeating: "<", count: 10 << 20)) }
        let s3 = S3(try server.client())
        let error = await #expect(throws: AWSError.self) { _ = try await s3.get(bucket: "bucket", key: "k") }
        #expect(error?.code == .transport)
        #expect((error?.underlying as? HTTPError)?.code == .responseTooLarge)
    }

    @Test func connectionsAreReused() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], "{}") }
        // On a loop of its own: the tests' loop keeps a limited number of connections, and closes the oldest.
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let client = AWSClient(
            http: HTTPClient(loop: loop), configuration: try server.configuration(),
            credentials: StrictServer.credentials)
        for _ in 0..<20 { _ = try await get(client) }
        #expect(server.connectionCount == 1)
    }

    @Test func withoutCredentialsEverySourceIsNamed() async throws {
        let server = try StrictServer()
        let client = AWSClient(
            http: TestLoop.http,
            configuration: try server.configuration {
                $0.environment = ["HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"]
            })
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect(
            error?.description
                == "DynamoDB GetItem failed: comfy.NoCredentials: environment: AWS_ACCESS_KEY_ID is not set; "
                + "profile: no profile default in /nonexistent/.aws/credentials or /nonexistent/.aws/config; "
                + "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; "
                + "container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                + "AWS_CONTAINER_CREDENTIALS_FULL_URI is set; instance: AWS_EC2_METADATA_DISABLED is true")
        #expect(server.requests.isEmpty)
    }

    @Test func anEndpointsOwnPathGoesInFront() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], "{}") }
        let client = try server.client { $0.endpoint = URL("http://127.0.0.1:\(server.port)/base%20path/") }
        _ = try await get(client)
        #expect(server.requests.map(\.target) == ["/base%20path/"])
        try await S3(client).delete(bucket: "bucket", key: "k")
        #expect(server.requests.map(\.target).last == "/base%20path/bucket/k")
    }
}
