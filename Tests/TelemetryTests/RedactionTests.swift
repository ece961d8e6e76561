import JSON
import Telemetry
import Testing

@Suite struct RedactionTests {
    @Test(arguments: [
        "authorization", "Authorization", "Proxy-Authorization", "x-amz-security-token", "X-Amz-Signature",
        "session_token",
        "AWS_SECRET_ACCESS_KEY", "secretAccessKey", "password", "Cookie", "set-cookie", "X-Api-Key",
        "webhookSecret",
        "accessKey", "credentials", "signingKey", "refreshTokens",
    ])
    func `a field with a secret's name is hidden`(name: String) {
        #expect(Redaction.redact([name: "hunter2"] as JSON) == [name: "[redacted]"])
        #expect(Redaction.redact([name: ["a": ["hunter2"]]] as JSON) == [name: "[redacted]"])
        #expect(Redaction.redact([name: 12345] as JSON) == [name: "[redacted]"])
        #expect(Redaction.redact([name: nil] as JSON) == [name: nil])
    }

    @Test(arguments: ["jobId", "tokenizer", "secretary", "status", "idempotencyKey", "keys", ""])
    func `any other field is left`(name: String) {
        #expect(Redaction.redact([name: "value"] as JSON) == [name: "value"])
    }

    @Test func `what is inside is found`() {
        let value: JSON = [
            "request": [
                "headers": [["authorization": "Bearer abcdefgh"]],
                "url": "https://b.s3/k?X-Amz-Signature=ab12",
            ],
            "seed": 18,
        ]
        #expect(
            Redaction.redact(value).text
                == #"{"request":{"headers":[{"authorization":"[redacted]"}],"url":"https://b.s3/k?X-Amz-Signature=[redacted]"},"seed":18}"#
        )
    }

    @Test(arguments: [
        (
            "GET https://b.s3.amazonaws.com/k.png?X-Amz-Credential=AKID%2F20261121&X-Amz-Date=20261121T052636Z"
                + "&X-Amz-Security-Token=IQoJb%2F%2F&X-Amz-Signature=0123abcd failed",
            "GET https://b.s3.amazonaws.com/k.png?X-Amz-Credential=[redacted]&X-Amz-Date=20261121T052636Z"
                + "&X-Amz-Security-Token=[redacted]&X-Amz-Signature=[redacted] failed"
        ),
        (
            "next=https%3A%2F%2Fb%2Fk%3Fx-amz-signature%3D0123%26x-amz-expires%3D60",
            "next=https%3A%2F%2Fb%2Fk%3Fx-amz-signature%3D[redacted]%26x-amz-expires%3D60"
        ),
        ("Authorization: Bearer abc.def-ghi\r\nAccept: */*", "Authorization: [redacted]\r\nAccept: */*"),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1, SignedHeaders=host, Signature=5d67",
            "Authorization: [redacted]"
        ),
        (
            "signed as Credential=AKID/x, SignedHeaders=host, Signature=5d67",
            "signed as Credential=[redacted], SignedHeaders=host, Signature=[redacted]"
        ),
        ("sent bearer abcdefgh12345 to it", "sent bearer [redacted] to it"),
        ("sent Basic dXNlcjpwYXNz.", "sent Basic [redacted]"),
        ("{\"token\":\"a\\\"b\",\"n\":1}", "{\"token\":\"[redacted]\",\"n\":1}"),
        ("{\"token\": \"abc\"}", "{\"token\": \"[redacted]\"}"),
        (
            #"{"body":"{\"password\":\"hunter2\",\"n\":1}"}"#,
            #"{"body":"{\"password\":\"[redacted]\",\"n\":1}"}"#
        ),
        (
            "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl from the gateway",
            "got [redacted] from the gateway"
        ),
        ("https://user:pass@example.com/path?a=b", "https://[redacted]@example.com/path?a=b"),
        ("token=abc&a=1", "token=[redacted]&a=1"),
        ("api_key=abc, next", "api_key=[redacted], next"),
        ("password=", "password="),
        ("token=é€;x", "token=[redacted];x"),
    ])
    func `a secret in a text is hidden`(text: String, expected: String) {
        #expect(Redaction.redact(text) == expected)
    }

    @Test(arguments: [
        "", "=", ":", "\"", "\\", "%3D", "a=b", "time: 05:26:36", "https://example.com:8080/a@b",
        "Basic auth", "bearer",
        "eyJ", "prompt has 3 tokens left", "x=\"y\"", "\\\"=",
    ])
    func `a text without one is left`(text: String) {
        #expect(Redaction.redact(text) == text)
    }

    @Test(.timeLimit(.minutes(1))) func `a hostile text costs linear time`() {
        for piece in [
            "eyJ", "\\", "\"", "token=", "https://", "Bearer ", "%3D", "a=\"", "eyJa.b.c", "eyJ=", "%",
        ] {
            _ = Redaction.redact(String(repeating: piece, count: 100_000 / piece.utf8.count))
        }
    }
}
