import HTTP
import JSON
import LambdaRuntime
import Testing

@testable import Handlers

struct ResponseFinisherTests {
    private let finisher = ResponseFinisher(CORSPolicy([]))
    private static let long = JSON.string(String(repeating: "lighthouse ", count: 200))

    @Test func everyAnswerCarriesTheSameHeaders() {
        let response = finisher.finish(
            .json(["a": 1]), to: HTTPRequest(.get, "/"), requestID: "r-1")
        let expected: [(String, String)] = [
            ("Content-Type", "application/json"), ("X-Request-Id", "r-1"),
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            ("Cache-Control", "no-store"),
        ]
        for (name, value) in expected { #expect(response.headers[name] == value) }
        #expect(response.headers["X-XSS-Protection"] == nil)
        #expect(response.headers["Vary"] == nil)
        #expect(response.body == Array(#"{"a":1}"#.utf8))
    }

    @Test func longBodiesAreCompressedForWhoAcceptsIt() {
        let request = HTTPRequest(.get, "/", headers: ["Accept-Encoding": "br, gzip;q=0.5"])
        let response = finisher.finish(.json(Self.long), to: request, requestID: "r")
        #expect(response.headers["Content-Encoding"] == "gzip")
        #expect(response.headers["Vary"] == "Accept-Encoding")
        #expect(Gzip.decompress(response.body, limit: 10_000) == Self.long.serialized())
    }

    @Test func othersGetThemAsTheyAre() {
        let response = finisher.finish(.json(Self.long), to: HTTPRequest(.get, "/"), requestID: "r")
        #expect(response.headers["Content-Encoding"] == nil)
        #expect(response.headers["Vary"] == "Accept-Encoding")
        #expect(response.body == Self.long.serialized())
    }

    @Test func shortBodiesAreNotCompressed() {
        let request = HTTPRequest(.get, "/", headers: ["Accept-Encoding": "gzip"])
        let exactly = JSON.string(String(repeating: "x", count: 998))
        let response = finisher.finish(.json(exactly), to: request, requestID: "r")
        #expect(response.body.count == 1000)
        #expect(response.headers["Content-Encoding"] == nil)
    }

    @Test func headHasNoBody() {
        let response = finisher.finish(.json(Self.long), to: HTTPRequest(.head, "/"), requestID: "r")
        #expect(response.status == 200)
        #expect(response.body == [])
    }

    @Test func variesByOriginToo() {
        let finisher = ResponseFinisher(CORSPolicy(["https://a.example"]))
        let request = HTTPRequest(.get, "/", headers: ["Origin": "https://a.example"])
        let response = finisher.finish(.json(Self.long), to: request, requestID: "r")
        #expect(response.headers["Vary"] == "Accept-Encoding, Origin")
        #expect(response.headers["Access-Control-Allow-Origin"] == "https://a.example")
    }
}

struct APIErrorTests {
    /// The table of the API's documentation.
    @Test(arguments: [
        ("INVALID_JSON", 400), ("VALIDATION_ERROR", 400), ("INVALID_WORKFLOW", 400), ("UNAUTHENTICATED", 401),
        ("FORBIDDEN", 403), ("NOT_FOUND", 404), ("METHOD_NOT_ALLOWED", 405), ("CONFLICT", 409),
        ("PAYLOAD_TOO_LARGE", 413), ("UNSUPPORTED_MEDIA_TYPE", 415), ("IDEMPOTENCY_MISMATCH", 422),
        ("RATE_LIMITED", 429), ("QUOTA_EXCEEDED", 429), ("INTERNAL", 500), ("WORKER_ERROR", 502),
        ("SERVICE_UNAVAILABLE", 503), ("TIMEOUT", 504),
    ])
    func hasItsStatus(_ code: String, _ status: Int) {
        #expect(APIError.Code(rawValue: code)?.status == status)
        #expect(APIError.Code.allCases.count == 17)
    }

    @Test func looksLikeThis() {
        let error = APIError(.conflict, "No.", details: ["a": 1])
        #expect(
            error.json(requestID: "r-1").text
                == #"{"error":{"code":"CONFLICT","message":"No.","details":{"a":1},"request_id":"r-1"}}"#)
    }

    @Test func unknownTroubleShowsNothingOfItself() {
        struct Secret: Error { let password = "hunter2" }
        let error = APIHandler.apiError(Secret())
        #expect(error.code == .internal)
        #expect(!error.json(requestID: "r").text.contains("hunter2"))
    }
}
