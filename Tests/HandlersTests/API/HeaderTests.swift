import HTTP
import JSON
import LambdaRuntime
import Testing

@testable import Handlers

struct AcceptEncodingTests {
    @Test(
        arguments: [
            (nil, false), ("", false), ("gzip", true), ("GZIP", true), ("x-gzip", true), ("*", true),
            ("deflate, br", false), ("br;q=1.0, gzip;q=0.8, *;q=0.1", true), ("gzip;q=0", false),
            ("gzip;q=0.000", false), ("gzip; q=0.001", true), ("*;q=0", false), ("gzip, *;q=0", true),
            ("*, gzip;q=0", false), ("identity", false), ("identity, gzip", true),
            ("identity;q=1, gzip;q=0.5", false), ("identity;q=0.5, gzip;q=0.5", true), ("gzip;q=2", false),
            ("gzip;q=x", false), ("gzipped", false), (",,;,gzip", true), (";q=1", false),
        ] as [(String?, Bool)])
    func prefersGzip(_ header: String?, _ expected: Bool) {
        #expect(AcceptEncoding(header).prefersGzip == expected)
    }
}

struct WaitPreferenceTests {
    @Test(arguments: [
        ("wait=10", 10), ("Wait=10", 10), ("respond-async, wait=5", 5), ("wait=25", 25), ("wait=26", 25),
        ("wait=99999", 25), ("handling=lenient; wait=3", 3), ("wait = 4", 4),
    ])
    func reads(_ header: String, _ seconds: Int) {
        #expect(WaitPreference(["Prefer": header])?.seconds == seconds)
    }

    @Test(arguments: [
        "", "wait", "wait=", "wait=x", "wait=0", "wait=-1", "wait=1.5", "wait=99999999999999999999",
        "respond-async",
    ])
    func ignoresWhatItCannotHonour(_ header: String) {
        #expect(WaitPreference(["Prefer": header]) == nil)
    }

    @Test func isAbsentWithoutAHeader() {
        #expect(WaitPreference([:]) == nil)
    }
}

struct ContentTypeTests {
    @Test(arguments: [
        ("application/json", true), ("Application/JSON", true), ("application/json; charset=utf-8", true),
        ("application/json;charset=\"UTF-8\"", true), ("application/vnd.api+json", true),
        ("application/json; charset=utf-16", false), ("text/json", false), ("text/plain", false),
        ("application/jsonp", false), ("multipart/form-data; boundary=x", false), ("", false),
        ("application/json; boundary", true),
    ])
    func isJSON(_ header: String, _ expected: Bool) {
        #expect(ContentType(header).isJSON == expected)
    }
}

struct IdempotencyKeyTests {
    @Test(arguments: ["a", "7f3e-~!", String(repeating: "k", count: 255)])
    func accepts(_ key: String) {
        var reader = FieldReader([:])
        #expect(IdempotencyKey.read(["Idempotency-Key": key], &reader) == key)
        #expect(reader.faults.isEmpty)
    }

    @Test(arguments: ["", "a b", "ä", "a\t", String(repeating: "k", count: 256)])
    func refuses(_ key: String) {
        var reader = FieldReader([:])
        #expect(IdempotencyKey.read(["Idempotency-Key": key], &reader) == nil)
        #expect(reader.faults.map(\.field) == ["Idempotency-Key"])
    }

    @Test func theSameBodyHashesAlikeWhateverItsSpaces() throws {
        func hash(_ operation: String, _ body: String) throws -> [UInt8] {
            let object = try #require(try JSONTestBody.object(body))
            return JobSubmission.Repeatable(key: "k", operation: operation, body: object).hash
        }
        #expect(try hash("generate", #"{"a":1,"b":2}"#) == hash("generate", #"{ "a": 1, "b": 2 }"#))
        #expect(try hash("generate", #"{"a":1}"#) != hash("generate", #"{"a":2}"#))
        #expect(try hash("generate", #"{"a":1}"#) != hash("execute", #"{"a":1}"#))
    }
}

struct CORSPolicyTests {
    private func request(_ headers: HTTPHeaders) -> HTTPRequest {
        HTTPRequest(.options, "/v1/jobs", headers: headers)
    }

    @Test func saysNothingUnlessConfigured() {
        let policy = CORSPolicy([])
        let request = request(["Origin": "https://a.example", "Access-Control-Request-Method": "GET"])
        #expect(policy.headers(for: request).count == 0)
        #expect(policy.preflightHeaders(for: request, [.get]) == ["Allow": "GET"])
    }

    @Test func namesAnOriginThatIsListed() {
        let policy = CORSPolicy(["https://a.example", "https://b.example"])
        let request = request(["Origin": "https://b.example", "Access-Control-Request-Method": "POST"])
        let headers = policy.headers(for: request)
        #expect(headers["Access-Control-Allow-Origin"] == "https://b.example")
        #expect(headers["Vary"] == "Origin")
        let preflight = policy.preflightHeaders(for: request, [.get, .post])
        #expect(preflight["Access-Control-Allow-Methods"] == "GET, POST")
        #expect(preflight["Access-Control-Max-Age"] == "600")
    }

    @Test(arguments: ["https://evil.example", "null", "https://a.example.evil.example", "http://a.example"])
    func doesNotNameAnother(_ origin: String) {
        let policy = CORSPolicy(["https://a.example"])
        let request = request(["Origin": origin, "Access-Control-Request-Method": "POST"])
        #expect(policy.headers(for: request)["Access-Control-Allow-Origin"] == nil)
        #expect(policy.headers(for: request)["Vary"] == "Origin")
        #expect(policy.preflightHeaders(for: request, [.post])["Access-Control-Allow-Methods"] == nil)
    }

    @Test func aStarIsAnyOrigin() {
        let policy = CORSPolicy(["*"])
        #expect(
            policy.headers(for: request(["Origin": "https://x.example"]))["Access-Control-Allow-Origin"]
                == "*")
    }
}
