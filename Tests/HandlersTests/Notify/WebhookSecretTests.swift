import Crypto
import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Testing
import Time

@testable import Handlers

@Suite(.timeLimit(.minutes(1))) struct WebhookSecretTests {
    /// The example of the convention's own libraries.
    @Test func theSignatureIsTheConventions() throws {
        let key = try #require(Base64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let secret = WebhookSecret(
            key: Secret(key), createdAt: Timestamp(milliseconds: 0), previous: nil, version: 1)
        let signature = secret.signatures(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: Array(#"{"test": 2432232314}"#.utf8),
            at: Timestamp(milliseconds: 1_614_265_330_000))
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(secret.text == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    }

    @Test func twoKeysSignUntilTheOlderOnesTimeIsOver() {
        let until = Timestamp(milliseconds: 5_000)
        let secret = WebhookSecret(
            key: "a", createdAt: Timestamp(milliseconds: 0), previous: ("b", until), version: 2)
        func count(_ milliseconds: Int64) -> Int {
            secret.signatures(id: "i", body: [], at: Timestamp(milliseconds: milliseconds))
                .split(separator: " ").count
        }
        #expect(count(4_999) == 2)
        #expect(count(5_000) == 1)
    }

    @Test func aSecretIsMadeReadAndRotated() async throws {
        let deployment = try await Deployment.make(on: testLoop)
        let bench = APIBench(deployment.services)
        #expect(await bench.send(HTTPRequest(.get, "/v1/webhook-secret")).status == 404)
        let first = await bench.post("/v1/webhook-secret", "{}")
        #expect(first.status == 201)
        #expect(first.json?["previous_until"] == .null)
        let read = await bench.send(HTTPRequest(.get, "/v1/webhook-secret"))
        #expect(read.json?["secret"] == first.json?["secret"])
        let second = await bench.post("/v1/webhook-secret", #"{"keep_previous_hours":1}"#)
        #expect(second.json?["secret"] != first.json?["secret"])
        #expect(second.json?["previous_until"]?.string != nil)
        // What has become known is void at once.
        let third = await bench.post("/v1/webhook-secret", #"{"keep_previous_hours":0}"#)
        #expect(third.json?["previous_until"] == .null)
        let signing = try await WebhookSecretStore(deployment.services).secret(of: "local")
        #expect(signing?.previous == nil)
        #expect(signing.map { .string($0.text) } == third.json?["secret"])
    }

    @Test func whoNeverAskedForASecretHasOneFromTheFirstWebhookOn() async throws {
        let receiver = try WebhookReceiver()
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        try await bench.notify()
        let request = try #require(receiver.received.first)
        let secret = try #require(
            try await WebhookSecretStore(bench.services).secret(of: bench.job.user))
        let sent = try #require(request.headers["webhook-timestamp"].flatMap { Int64($0) })
        #expect(
            request.headers["webhook-signature"]
                == secret.signatures(
                    id: "\(bench.job.id)-job-completed", body: request.body,
                    at: Timestamp(milliseconds: sent * 1000)))
    }

    @Test func afterARotationBothSign() async throws {
        let receiver = try WebhookReceiver()
        defer { receiver.stop() }
        let bench = try await WebhookBench(receiver)
        let store = WebhookSecretStore(bench.services)
        let first = try await store.secretToSignWith(of: bench.job.user, at: bench.services.now)
        _ = try await store.rotate(of: bench.job.user, keeping: .seconds(60), at: bench.services.now)
        try await bench.notify()
        let request = try #require(receiver.received.first)
        let sent = try #require(request.headers["webhook-timestamp"].flatMap { Int64($0) })
        let old = first.signatures(
            id: "\(bench.job.id)-job-completed", body: request.body,
            at: Timestamp(milliseconds: sent * 1000))
        let signatures = request.headers["webhook-signature"]?.split(separator: " ").map(String.init)
        #expect(signatures?.count == 2)
        #expect(signatures?.last == old)
    }
}
