import HTTP
import Testing
import Time

@testable import AWSClients

/// What the end of an invocation means for the calls it makes.
@Suite(.timeLimit(.minutes(1))) struct DeadlineTests {
    private func get(_ client: AWSClient) async throws(AWSError) -> Item? {
        try await DynamoDB(client).get(["pk": .s("x")], from: "table")
    }

    @Test(arguments: [Duration.seconds(-1), .zero, .milliseconds(300)])
    func noCallIsBegunAtTheEnd(_ left: Duration) async throws {
        let server = try StrictServer()
        let client = try server.client(clock: FakeClock(timeLeft: left))
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect(error?.code == .deadlineExceeded)
        #expect(
            error?.message == "the invocation ends in \(max(left, .zero).milliseconds) ms; "
                + "no call is begun in its last 300 ms")
        #expect(server.requests.isEmpty && server.refusals.isEmpty)
    }

    @Test func noBackoffSleepsPastIt() async throws {
        let server = try StrictServer { _, _ in .answer(503, ["x-amz-retry-after": "4000"]) }
        let clock = FakeClock(timeLeft: .seconds(9))
        let client = try server.client(clock: clock) { $0.maximumAttempts = 10 }
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        // Two pauses of 4 s fit before 8.7 s, a third does not.
        #expect(clock.sleeps == [.seconds(4), .seconds(4)])
        #expect(error?.status == 503)
        #expect(error?.attempts == 3)
    }

    @Test func noBatchWaitsForItsNextRoundPastIt() async throws {
        let server = try StrictServer { request, _ in
            request.headers["x-amz-target"]?.hasPrefix("DynamoDB") == true
                ? .answer(200, [:], #"{"UnprocessedItems":{"table":[{"DeleteRequest":{}}]}}"#)
                : .answer(
                    200, [:],
                    #"{"Failed":[{"Id":"0","Code":"ThrottlingException","SenderFault":false}],"Successful":[]}"#
                )
        }
        // A thousand times the longest pause there is.
        let clock = FakeClock(random: 1000, timeLeft: .seconds(20))
        let client = try server.client(clock: clock)
        let failures = try await SQS(client).send(batch: [.init("body")], to: "http://127.0.0.1/1/queue")
        #expect(failures.map(\.code) == ["ThrottlingException"])
        let error = await #expect(throws: AWSError.self) {
            try await DynamoDB(client).batchWrite([.delete(key: ["pk": .s("x")])], to: "table")
        }
        #expect(error?.code.rawValue == "ProvisionedThroughputExceededException")
        #expect(clock.sleeps == [])
        #expect(server.requests.count == 2)
    }

    @Test func anAttemptIsCutBeforeIt() async throws {
        let server = try StrictServer { _, _ in .stall }
        let client = try server.client(clock: FakeClock(timeLeft: .milliseconds(500)))
        let error = await #expect(throws: AWSError.self) { try await get(client) }
        #expect((error?.underlying as? HTTPError)?.code == .timeout)
    }

    @Test func aStreamIsCutBeforeIt() async throws {
        let server = try StrictServer { _, _ in .stall }
        let s3 = S3(try server.client(clock: FakeClock(timeLeft: .milliseconds(500))))
        let error = await #expect(throws: AWSError.self) { _ = try await s3.get(bucket: "bucket", key: "k") }
        #expect((error?.underlying as? HTTPError)?.code == .timeout)
    }

    @Test func itIsTheInvocationsOwn() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], "{}") }
        let client = AWSClient(
            http: TestLoop.http, configuration: try server.configuration(),
            credentials: StrictServer.credentials)
        let error = await CallContext.$current.withValue(CallContext(deadline: .now)) {
            await #expect(throws: AWSError.self) { try await get(client) }
        }
        #expect(error?.code == .deadlineExceeded)
        _ = try await CallContext.$current.withValue(CallContext(deadline: .now + .seconds(60))) {
            try await get(client)
        }
        _ = try await CallContext.$current.withValue(CallContext()) { try await get(client) }
        #expect(server.requests.count == 2)
    }
}
