import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import AWSClients

/// What goes wrong on the way, and what a client makes of it.
@Suite(.timeLimit(.minutes(1))) struct AWSClientTransportTests {
    private static let found = #"{"Item":{"a":{"S":"b"}}}"#

    private func get(_ client: AWSClient) async throws(AWSError) -> Item? {
        try await DynamoDB(client).get(["pk": .s("x")], from: "table")
    }

    /// Gives the next of the credentials each time it is asked, the last one for ever.
    private actor Rotation: CredentialProvider {
        private(set) var asked = 0
        private var rest: [Credentials]

        init(_ credentials: [Credentials]) { rest = credentials }

        func credentials() async throws(AWSError) -> Credentials {
            asked += 1
            return rest.count > 1 ? rest.removeFirst() : rest[0]
        }
    }

    private static let expired = Credentials(
        accessKeyID: "ASIAOLD", secretAccessKey: "old", sessionToken: "old token",
        expiration: Timestamp(milliseconds: 1_700_000_000_000))
    /// The same as its provider gave them: without the date at which the service ends them.
    private static var held: Credentials {
        var credentials = expired
        credentials.expiration = nil
        return credentials
    }

    @Test func expiredCredentialsAreReplacedOnceAndTheCallIsRepeated() async throws {
        let server = try StrictServer(accounts: [StrictServer.credentials, Self.expired]) { _, _ in
            .answer(200, [:], Self.found)
        }
        let rotation = Rotation([Self.held, StrictServer.credentials])
        let clock = FakeClock()
        let client = try server.client(clock: clock, credentials: rotation)
        #expect(try await get(client) == ["a": .s("b")])
        #expect(server.refusals == ["the session has expired"])
        #expect(clock.sleeps == [.zero])
        #expect(try await get(client) == ["a": .s("b")])
        #expect(await rotation.asked == 2)
    }

    @Test func expiredCredentialsWithoutSuccessorsAreAnErrorAtOnce() async throws {
        let server = try StrictServer(accounts: [StrictServer.credentials, Self.expired])
        let rotation = Rotation([Self.held])
        let s3 = S3(try server.client(credentials: rotation))
        let error = await #expect(throws: AWSError.self) { try await s3.delete(bucket: "bucket", key: "k") }
        #expect(error?.code.rawValue == "ExpiredToken")
        #expect(error?.attempts == 1)
        #expect(await rotation.asked == 2)
    }

    @Test func successorsThatAreExpiredTooAreNotReplacedAgain() async throws {
        var second = Self.expired
        second.accessKeyID = "ASIAOLDTOO"
        let server = try StrictServer(accounts: [Self.expired, second])
        second.expiration = nil
        let rotation = Rotation([Self.held, second])
        let client = try server.client(credentials: rotation)
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect(error?.code.rawValue == "ExpiredTokenException")
        #expect(error?.attempts == 2)
        #expect(await rotation.asked == 2)
    }

    @Test func offMeansOneAttempt() async throws {
        let server = try StrictServer { _, _ in .answer(503) }
        let client = try server.client {
            $0.retryMode = .off
            $0.maximumAttempts = 7
        }
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect(error?.attempts == 1)
        #expect(server.requests.map { $0.headers["amz-sdk-request"] } == ["attempt=1; max=1"])
    }

    @Test func adaptiveWaitsForItsRateAfterAThrottling() async throws {
        let server = try StrictServer { _, number in
            number == 0
                ? .answer(400, [:], #"{"__type":"x#ThrottlingException"}"#) : .answer(200, [:], Self.found)
        }
        let clock = FakeClock(random: 0)
        let client = try server.client(clock: clock) { $0.retryMode = .adaptive }
        _ = try await get(client)
        // No back-off with this luck; then half a token a second, from an empty bucket, is two seconds.
        #expect(clock.sleeps == [.zero, .seconds(2)])
        // One service's limit is not another's.
        _ = try? await S3(client).head(bucket: "bucket", key: "k")
        #expect(clock.sleeps == [.zero, .seconds(2)])
        let late = try server.client(clock: FakeClock(random: 0, timeLeft: .seconds(1))) {
            $0.retryMode = .adaptive
        }
        late.limiters[.dynamoDB].observe(isThrottled: true, at: .zero)
        let error = await #expect(throws: AWSError.self) { try await get(late) }
        #expect(error?.code == .deadlineExceeded)
        #expect(
            error?.message
                == "the service throttles this client: the next call may go in 2000 ms, which is too late")
    }

    @Test func aPollThatMayNotBeRepeatedStillPauses() async throws {
        let server = try StrictServer { _, _ in .answer(503) }
        let clock = FakeClock()
        let client = try server.client(clock: clock)
        while client.quotas[.sqs].take(for: .transient) != nil {}
        let sqs = SQS(client)
        let url = "http://127.0.0.1/1/queue"
        let error = await #expect(throws: AWSError.self) {
            try await sqs.receive(from: url, wait: .seconds(20))
        }
        #expect(error?.attempts == 1)
        #expect(clock.sleeps == [.milliseconds(25)])
        await #expect(throws: AWSError.self) { try await sqs.receive(from: url) }
        #expect(clock.sleeps == [.milliseconds(25)])
    }

    @Test(arguments: [
        // Cut in the head, in the body, in a chunk, before the last chunk; and no HTTP at all.
        "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n{\"__type\":\"x#Ac",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n{\"Item\":{",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
    ])
    func whatIsCutIsRepeated(_ bytes: String) async throws {
        let server = try StrictServer { _, number in number == 0 ? .raw(bytes) : .answer(200, [:], Self.found)
        }
        #expect(try await get(server.client()) == ["a": .s("b")])
        #expect(server.requests.count == 2)
    }

    @Test func anAnswerThatIsLateIsRepeated() async throws {
        let server = try StrictServer { _, number in
            number == 0
                ? .after(.seconds(3), .answer(200, [:], Self.found)) : .answer(200, [:], Self.found)
        }
        let client = try server.client { $0.attemptTimeout = .seconds(1) }
        #expect(try await get(client) == ["a": .s("b")])
        #expect(server.requests.count == 2)
    }

    @Test(arguments: ["<Error>", "<ErrorResponse><Error>"])
    func anErrorInsideASuccessIsOneAndIsRepeated(_ opening: String) async throws {
        let server = try StrictServer { request, number in
            let body =
                "\(opening)<Code>SomethingNew</Code><Message>late</Message></Error>"
                + (opening == "<Error>" ? "" : "</ErrorResponse>")
            return .answer(
                200, [:],
                number < 3 ? body : CredentialSetting.envelope("CreateTopic", "<TopicArn>t</TopicArn>"))
        }
        let sns = SNS(try server.client())
        let error = await #expect(throws: AWSError.self) { try await sns.createTopic("t") }
        #expect(error?.description == "SNS CreateTopic failed: SomethingNew: late (HTTP 200, 3 attempts)")
        #expect(try await sns.createTopic("t") == "t")
    }

    @Test func aServerThatLiesAboutTheTimeIsBelievedOnlyWhereItRefuses() async throws {
        let server = try StrictServer { _, number in
            .answer(
                200,
                ["Date": number == 0 ? "Tue, 99 Foo 2026" : "Fri, 01 Jan 2021 00:00:00 GMT", "Age": "5"], "{}"
            )
        }
        let client = try server.client()
        for _ in 0..<3 { _ = try await get(client) }
        #expect(client.skew.offset == .zero)
        #expect(server.refusals == [])
    }

    @Test func aThousandPutsOpenNoMoreConnectionsThanRunAtOnce() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], "{}") }
        // On a loop of its own: a loop keeps a limited number of connections, and here others' would count.
        let loop = EventLoop.onNewThread()
        defer { loop.shutdown() }
        let client = AWSClient(
            http: HTTPClient(loop: loop), configuration: try server.configuration(),
            credentials: StrictServer.credentials)
        let table = DynamoDB(client)
        let concurrency = 16
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1000 {
                if number >= concurrency { try await group.next() }
                group.addTask(executorPreference: loop) {
                    try await table.put(["pk": .s("\(number)")], into: "table")
                }
            }
            try await group.waitForAll()
        }
        #expect(server.requests.count == 1000)
        #expect(server.connectionCount <= concurrency)
        #expect(server.refusals == [])
    }
}
