import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Testing
import Time

@testable import comfy_lambda

@Suite struct HTTPEventTests {
    private static let noon = Timestamp(milliseconds: 1_763_697_124_518)

    private func event(
        _ method: HTTPMethod = .post, _ target: String = "/v1/generate", headers: HTTPHeaders = [:],
        body: String = "",
        format: HTTPEventFormat = .httpAPI
    ) -> JSON? {
        let request = ServerRequest(method, target: target, headers: headers, body: Array(body.utf8))
        return HTTPEvent(request, requestID: "r-1", time: Self.noon, host: "127.0.0.1:8000").document(
            for: format)
    }

    @Test func version2IsAsTheHTTPAPISendsIt() throws {
        let document = event(
            .post, "/v1/jobs/a%20b?limit=2&tag=x&tag=y%26z&empty",
            headers: [
                "Host": "localhost:8000", "Content-Type": "application/json", "Accept": "a/b",
                "ACCEPT": "c/d",
                "Cookie": "a=1; b=2", "User-Agent": "curl/8",
            ], body: #"{"prompt":"ö"}"#)
        #expect(
            document?.text == """
                {"version":"2.0","routeKey":"$default","rawPath":"/v1/jobs/a b",\
                "rawQueryString":"limit=2&tag=x&tag=y%26z&empty","cookies":["a=1","b=2"],\
                "headers":{"host":"localhost:8000","content-type":"application/json","accept":"a/b,c/d",\
                "user-agent":"curl/8","x-forwarded-for":"127.0.0.1","x-forwarded-port":"8000","x-forwarded-proto":"http"},\
                "queryStringParameters":{"limit":"2","tag":"x,y&z","empty":""},\
                "requestContext":{"accountId":"123456789012","apiId":"local","domainName":"localhost",\
                "domainPrefix":"local","http":{"method":"POST","path":"/v1/jobs/a b","protocol":"HTTP/1.1",\
                "sourceIp":"127.0.0.1","userAgent":"curl/8"},"requestId":"r-1","routeKey":"$default","stage":"$default",\
                "time":"21/Nov/2025:03:52:04 +0000","timeEpoch":1763697124518},\
                "body":"{\\"prompt\\":\\"ö\\"}","isBase64Encoded":false}
                """)
    }

    @Test func version2LeavesOutWhatIsAbsent() {
        let document = event(.get, "/health")
        #expect(document?["body"] == nil)
        #expect(document?["cookies"] == nil)
        #expect(document?["queryStringParameters"] == nil)
        #expect(document?["rawQueryString"] == "")
        #expect(document?["isBase64Encoded"] == false)
    }

    @Test func version1IsAsTheRESTAPISendsIt() {
        let document = event(
            .get, "/v1/jobs?limit=1&limit=2", headers: ["Host": "h", "Accept": "a", "accept": "b"],
            format: .restAPI)
        #expect(document?["path"] == "/v1/jobs")
        #expect(document?["httpMethod"] == "GET")
        #expect(document?["queryStringParameters"] == ["limit": "2"])
        #expect(document?["multiValueQueryStringParameters"] == ["limit": ["1", "2"]])
        #expect(document?["headers"]?["Host"] == "h")
        #expect(document?["multiValueHeaders"]?["X-Forwarded-Proto"] == ["http"])
        #expect(document?["pathParameters"] == ["proxy": "v1/jobs"])
        #expect(document?["body"] == .null)
        #expect(document?["stageVariables"] == .null)
        #expect(document?["requestContext"]?["requestTimeEpoch"] == 1_763_697_124_518)
    }

    @Test func version1HasNullForAnEmptyQuery() {
        let document = event(.get, "/", format: .restAPI)
        #expect(document?["queryStringParameters"] == .null)
        #expect(document?["multiValueQueryStringParameters"] == .null)
    }

    @Test func aLoadBalancerLeavesPathAndQueryEncoded() {
        let document = event(
            .get, "/a%20b?x=1%2F2&x=3&y", headers: ["Accept": "a"], format: .applicationLoadBalancer)
        #expect(document?["path"] == "/a%20b")
        #expect(document?["queryStringParameters"] == ["x": "3", "y": ""])
        #expect(document?["headers"]?["accept"] == "a")
        #expect(document?["multiValueHeaders"] == nil)
        #expect(document?["body"] == "")
    }

    @Test func aLoadBalancerMaySendMultiValues() {
        let document = event(
            .get, "/?x=1&x=2", headers: ["Accept": "a"], format: .applicationLoadBalancerMultiValue)
        #expect(document?["multiValueQueryStringParameters"] == ["x": ["1", "2"]])
        #expect(document?["multiValueHeaders"]?["accept"] == ["a"])
        #expect(document?["headers"] == nil)
        #expect(document?["queryStringParameters"] == nil)
    }

    @Test(arguments: [
        ("application/json", "{}", "{}", false),
        ("application/json; charset=utf-8", "{}", "{}", false),
        ("application/problem+json", "{}", "{}", false),
        ("text/plain", "x", "x", false),
        // What `curl -d` says of itself: API Gateway takes it for binary.
        ("application/x-www-form-urlencoded", "{}", "e30=", true),
        ("image/png", "x", "eA==", true),
    ])
    func theContentTypeDecidesOnBase64(type: String, body: String, expected: String, isBase64: Bool) {
        for format in HTTPEventFormat.allCases {
            let document = event(headers: ["Content-Type": type], body: body, format: format)
            #expect(document?["body"]?.string == expected)
            #expect(document?["isBase64Encoded"]?.bool == isBase64)
        }
    }

    @Test func aBodyWithoutTypeOrWithAnEncodingIsBinary() {
        #expect(event(body: "{}")?["isBase64Encoded"] == true)
        let zipped: HTTPHeaders = ["Content-Type": "application/json", "Content-Encoding": "gzip"]
        #expect(event(headers: zipped, body: "x")?["isBase64Encoded"] == true)
    }

    @Test func bytesThatAreNoTextAreBinaryWhateverTheyClaim() {
        let request = ServerRequest(
            .post, target: "/", headers: ["Content-Type": "application/json"], body: [0x7B, 0xFF])
        let document = HTTPEvent(request, requestID: "r", time: Self.noon, host: "h").document(for: .httpAPI)
        #expect(document?["body"] == "e/8=")
        #expect(document?["isBase64Encoded"] == true)
    }

    @Test func aClientCannotForgeWhereItComesFrom() {
        let document = event(headers: ["X-Forwarded-For": "8.8.8.8", "x-forwarded-proto": "https"])
        #expect(document?["headers"]?["x-forwarded-for"] == "127.0.0.1")
        #expect(document?["headers"]?["x-forwarded-proto"] == "http")
    }

    @Test(arguments: ["/a%2", "/a%FF", "/?x=%zz"])
    func aBrokenEscapeIsNoEvent(target: String) {
        #expect(event(.get, target) == nil)
    }

    /// What the front makes, the runtime reads.
    @Test(arguments: HTTPEventFormat.allCases)
    func theRuntimeReadsWhatTheFrontMakes(format: HTTPEventFormat) throws {
        let document = try #require(
            event(
                .post, "/v1/jobs%2Fx?q=a%20b&q=c", headers: ["Content-Type": "text/plain", "X-Thing": "1"],
                body: "hello", format: format))
        guard case .http(let request) = try LambdaEvent(decoding: document.serialized()) else {
            Issue.record("not an HTTP event")
            return
        }
        #expect(request.method == .post)
        #expect(request.path == "/v1/jobs/x")
        #expect(request.headers["x-thing"] == "1")
        #expect(request.body == Array("hello".utf8))
        #expect(request.query.last?.value == "c")
    }
}
