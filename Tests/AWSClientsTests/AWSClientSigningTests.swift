import HTTP
import Testing
import Time

@testable import AWSClients

/// Requests to what has no client here. The signatures are botocore 1.44.5's (`SigV4Auth.add_auth`) for the same requests.
@Suite struct AWSClientSigningTests {
    private static let loop = EventLoop.onNewThread()

    private static func client() throws -> AWSClient {
        let http = HTTPClient(loop: loop)
        var clock = AWSClient.Clock.system(loop)
        clock.now = { Timestamp(milliseconds: 1_795_262_400_000) }
        return AWSClient(
            http: http, configuration: try .init(region: "eu-central-1"),
            credentials: Credentials(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                sessionToken: "token/+="), clock: clock)
    }

    private static func signed(
        _ method: HTTPMethod, _ url: String, _ headers: HTTPHeaders, _ body: HTTPClient.Body, service: String
    ) async throws -> HTTPClient.Request {
        let address = try #require(URL(url))
        let client = try client()
        var request = HTTPClient.Request(method, address, headers: headers, body: body)
        try await client.sign(&request, service: service)
        return request
    }

    @Test func anAPIGatewayRequestIsSignedAsBotocoreDoes() async throws {
        let request = try await Self.signed(
            .post, "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1/generate",
            ["accept": "application/json", "content-type": "application/json"],
            .bytes(Array(#"{"prompt":"a lighthouse"}"#.utf8)), service: "execute-api")
        #expect(request.headers["x-amz-date"] == "20261121T120000Z")
        #expect(request.headers["x-amz-security-token"] == "token/+=")
        #expect(request.headers["x-amz-content-sha256"] == nil)
        #expect(
            request.headers["authorization"]
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-central-1/execute-api/aws4_request, "
                + "SignedHeaders=accept;content-type;host;x-amz-date;x-amz-security-token, "
                + "Signature=e969ef1f303777e735d33cc493f6ccc742d4abc748e0ebba2df17cd386f8807c")
    }

    @Test func aFunctionsAddressIsSignedAsBotocoreDoes() async throws {
        let request = try await Self.signed(
            .get, "https://a1b2c3.lambda-url.eu-central-1.on.aws/v1/jobs?limit=2",
            ["accept": "application/json"], .none, service: "lambda")
        #expect(
            request.headers["authorization"]
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-central-1/lambda/aws4_request, "
                + "SignedHeaders=accept;host;x-amz-date;x-amz-security-token, "
                + "Signature=41e2842670af7a4da6769fd0ff280fc685db0eaff388ee5add6ab23dae958bac")
    }

    @Test func aBodyThatStreamsIsRefused() async throws {
        await #expect(throws: AWSError.self) {
            try await Self.signed(
                .put, "https://x.example/", [:], .stream(length: nil) { nil }, service: "lambda")
        }
    }
}
