import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1)))
struct StreamHandlerTests {
    private static func event(_ method: String, _ path: String, headers: JSON.Object = [:], body: String = "")
        -> [UInt8]
    {
        let event: JSON = [
            "version": "2.0", "rawPath": .string(path), "rawQueryString": "", "headers": .object(headers),
            "body": .string(body), "isBase64Encoded": false,
            "requestContext": [
                "domainName": "x.lambda-url.eu-west-1.on.aws", "stage": "$default", "requestId": "g-1",
                "http": ["method": .string(method), "path": .string(path), "sourceIp": "127.0.0.1"],
            ],
        ]
        return event.serialized()
    }

    /// The prelude and the body of a whole streamed response.
    private func ask(_ stack: LocalStack, _ event: [UInt8], lasting: Duration = .seconds(30)) async throws
        -> (head: JSON, body: String)
    {
        let handler = StreamHandler(stack.bench.handler)
        let context = InvocationContext(requestID: "r-1", deadline: .now + lasting)
        let bytes = try await testLoop.task { try await handler.handle(event, context) }.value
        let end = try #require(bytes.firstIndex(of: 0))
        #expect(bytes[end...].prefix(8) == [0, 0, 0, 0, 0, 0, 0, 0])
        return (try JSON(parsing: Array(bytes[..<end])), String(decoding: bytes[(end + 8)...], as: UTF8.self))
    }

    @Test func theRoutesOfTheAPIAnswerThroughThePrelude() async throws {
        let stack = try await LocalStack.start()
        let live = try await ask(stack, Self.event("GET", "/health/live"))
        #expect(live.head["statusCode"] == 200)
        #expect(live.head["headers"]?["Content-Type"] == "application/json")
        #expect(try JSON(parsing: live.body)["status"] != nil)
        let missing = try await ask(stack, Self.event("GET", "/v1/nothing"))
        #expect(missing.head["statusCode"] == 404)
        #expect(try JSON(parsing: missing.body)["error"]?["code"] == "NOT_FOUND")
        let broken = Array(
            #"{"version":"2.0","rawPath":"/a","body":"*","isBase64Encoded":true,"requestContext":{"http":{"method":"POST"}}}"#
                .utf8)
        #expect(try await ask(stack, broken).head["statusCode"] == 400)
    }

    /// Its role in AWS reads only: what would fail there for want of a permission is refused with a sentence.
    @Test func nothingIsChangedThroughTheStream() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        for path in ["/v1/generate", "/v1/jobs/\(id)/cancel"] {
            let answer = try await ask(stack, Self.event("POST", path))
            #expect(answer.head["statusCode"] == 405)
            #expect(try JSON(parsing: answer.body)["error"]?["code"] == "METHOD_NOT_ALLOWED")
        }
        #expect(try await stack.services.store.job(id)?.state == .queued)
    }

    /// A file's item and object are as they were: the first look that may write is still to come.
    @Test(arguments: [
        (SamplePicture.png, "ready"), (SamplePicture.gif, "rejected"), (nil, "pending"),
    ])
    func aPendingFileIsLookedAtAndNotChanged(_ bytes: [UInt8]?, _ status: String) async throws {
        let stack = try await LocalStack.start()
        let announced = await stack.bench.post(
            "/v1/files",
            #"{"filename":"a.png","content_type":"image/png","bytes":\#((bytes ?? [0]).count)}"#)
        let id = try #require((announced.json?["file_id"]?.string).flatMap { UUID($0) })
        let store = FileStore(stack.services)
        let before = try #require(try await store.known(id, of: "local", at: stack.services.now))
        let bucket = stack.services.configuration.bucket
        if let bytes { try await stack.services.s3.put(bytes, bucket: bucket, key: before.key) }
        let answer = try await ask(stack, Self.event("GET", "/v1/files/\(id)"))
        #expect(answer.head["statusCode"] == 200)
        #expect(try JSON(parsing: answer.body)["status"]?.string == status)
        let after = try await store.known(id, of: "local", at: stack.services.now)
        #expect(after?.state == .pending)
        #expect(after?.expiresAt == before.expiresAt)
        let object = try await stack.services.s3.head(bucket: bucket, key: before.key)
        #expect((object != nil) == (bytes != nil))
    }

    @Test func theEventsRouteStreamsToTheEndOfTheJob() async throws {
        let stack = try await LocalStack.start()
        let id = try await stack.submit()
        try await stack.complete(id, [])
        let answer = try await ask(stack, Self.event("GET", "/v1/jobs/\(id)/events"))
        #expect(answer.head["statusCode"] == 200)
        #expect(answer.head["headers"]?["Content-Type"] == "text/event-stream")
        #expect(answer.head["headers"]?["Cache-Control"] == "no-store")
        #expect(answer.head["headers"]?["X-Request-Id"] == "g-1")
        #expect(answer.body.hasPrefix("retry: 1000\n\nevent: state\nid: "))
        #expect(answer.body.hasSuffix("}\n\n"))
        let line = try #require(answer.body.split(separator: "\n").first { $0.hasPrefix("id: ") })
        // Who has seen the end has nothing to come back for: 204 tells a browser so.
        let again = try await ask(
            stack,
            Self.event(
                "GET", "/v1/jobs/\(id)/events", headers: ["last-event-id": .string(String(line.dropFirst(4)))]
            ))
        #expect(again.head["statusCode"] == 204)
        #expect(again.body == "")
        let head = try await ask(stack, Self.event("HEAD", "/v1/jobs/\(id)/events"))
        #expect(head.head["headers"]?["Content-Type"] == "text/event-stream")
        #expect(head.body == "")
    }

    @Test func eventsOfAJobThatIsNotTheirsAreNotThere() async throws {
        let stack = try await LocalStack.start()
        let answer = try await ask(stack, Self.event("GET", "/v1/jobs/\(UUID.v7(milliseconds: 1))/events"))
        #expect(answer.head["statusCode"] == 404)
        #expect(try JSON(parsing: answer.body)["error"]?["code"] == "NOT_FOUND")
    }

    @Test(arguments: ["https://x.lambda-url.eu-west-1.on.aws", "https://x.lambda-url.eu-west-1.on.aws/"])
    func whereNothingStreamsARedirectLeadsToTheStream(address: String) async throws {
        let bench = try APIBench.offline(on: testLoop, ["STREAM_URL": address])
        let answer = await bench.get("/v1/jobs/j-1/events")
        #expect(answer.status == 307)
        #expect(answer.headers["Location"] == "https://x.lambda-url.eu-west-1.on.aws/v1/jobs/j-1/events")
        let none = await (try APIBench.offline(on: testLoop)).get("/v1/jobs/j-1/events")
        #expect(none.status == 404)
    }
}
