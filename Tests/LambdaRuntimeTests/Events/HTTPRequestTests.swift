import HTTP
import JSON
import LambdaRuntime
import Testing

@Suite struct HTTPRequestTests {
    private func query(_ request: HTTPRequest) -> [String] { request.query.map { "\($0.name)=\($0.value)" } }

    private func request(_ event: JSON) throws -> HTTPRequest {
        try Samples.request(decoding: event.serialized())
    }

    // MARK: Samples

    @Test(arguments: ["lambda-go/apigw-request.json", "lambda-go/apigw-restapi-openapi-request.json"])
    func `a REST API's request`(name: String) throws {
        let request = try Samples.request(name)
        #expect(request.method == .post)
        #expect(request.path == "/hello/world")
        #expect(query(request) == ["name=me"])
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["HEADERNAME"] == "headerValue")
        #expect(request.headers.count == 19)
        #expect(String(decoding: request.body, as: UTF8.self) == "{\r\n\t\"a\": 1\r\n}")
        #expect(request.sourceAddress == "192.168.196.186")
        #expect(request.requestID == "deef4878-7910-11e6-8f14-25afc3e9ae33")
        #expect(request.authorizer == ["principalId": "admin", "clientId": 1, "clientName": "Exata"])
    }

    @Test func `a REST API's request of SAM's`() throws {
        let request = try Samples.request("sam/apigateway/AwsProxy.json")
        #expect(request.method == .post)
        #expect(request.path == "/path/to/resource")
        #expect(query(request) == ["foo=bar"])
        #expect(request.headers["host"] == "0123456789.execute-api.us-east-1.amazonaws.com")
        #expect(String(decoding: request.body, as: UTF8.self) == "{\"test\":\"body\"}")
        #expect(request.sourceAddress == "127.0.0.1")
        #expect(request.requestID == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef")
        #expect(request.authorizer == nil)
    }

    @Test(arguments: [
        ("iam", #"{"iam":{"accessKey":"ARIA2ZJZYVUEREEIHAKY","accountId":"1234567890","#),
        ("jwt-authorizer", #"{"jwt":{"claims":{"claim1":"value1","claim2":"value2"},"#),
        ("lambda-authorizer", #"{"lambda":{"key":"value"}}"#),
    ])
    func `an HTTP API's request`(name: String, authorizer: String) throws {
        let request = try Samples.request("lambda-go/apigw-v2-request-\(name).json")
        #expect(request.method == .get)
        #expect(request.path == "/my/path")
        #expect(query(request) == ["parameter1=value1", "parameter1=value2", "parameter2=value"])
        #expect(request.headers["header1"] == "value1")
        #expect(request.headers["cookie"] == "cookie1; cookie2")
        #expect(String(decoding: request.body, as: UTF8.self) == "{\r\n\t\"a\": 1\r\n}")
        #expect(request.sourceAddress == "IP")
        #expect(request.requestID == "id")
        #expect(request.authorizer?.text.hasPrefix(authorizer) == true)
    }

    @Test func `an HTTP API's request without authorizer, body, query and cookies`() throws {
        let request = try Samples.request("lambda-go/apigw-v2-request-no-authorizer.json")
        #expect(request.path == "/")
        #expect(request.query.isEmpty)
        #expect(request.body.isEmpty)
        #expect(request.authorizer == nil)
        #expect(request.headers["Cookie"] == nil)
        #expect(request.headers["Host"] == "aaaaaaaaaa.execute-api.us-west-2.amazonaws.com")
        #expect(request.sourceAddress == "1.2.3.4")
        #expect(request.requestID == "LV7fzho-PHcEJPw=")
    }

    @Test func `an HTTP API's request of SAM's`() throws {
        let request = try Samples.request("sam/apigateway/HttpApi.json")
        #expect(request.method == .post)
        #expect(request.path == "/path/to/resource")
        #expect(request.headers["header2"] == "value1,value2")
        #expect(String(decoding: request.body, as: UTF8.self) == "{\"test\":\"body\"}")
        #expect(request.sourceAddress == "192.168.0.1/32")
    }

    @Test func `a function URL's request`() throws {
        let request = try Samples.request("lambda-go/lambda-urls-request.json")
        #expect(request.method == .post)
        #expect(request.path == "/my/path")
        #expect(query(request) == ["parameter1=value1", "parameter1=value2", "parameter2=value"])
        #expect(request.headers["header2"] == "value1,value2")
        #expect(request.headers["cookie"] == "cookie1; cookie2")
        #expect(String(decoding: request.body, as: UTF8.self) == "Hello from client!")
        #expect(request.sourceAddress == "123.123.123.123")
        #expect(request.authorizer?["iam"]?["userArn"] == "arn:aws:iam::111122223333:user/example-user")
    }

    @Test(arguments: [
        ("headers-only", "25.12.198.67", "lambda-test-alb-1334523864.us-east-1.elb.amazonaws.com"),
        ("multivalue-headers", "72.21.198.67", "lambda-test-alb-1234567.us-east-1.elb.amazonaws.com"),
    ])
    func `a load balancer's request`(name: String, address: String, host: String) throws {
        let request = try Samples.request("lambda-go/alb-lambda-target-request-\(name).json")
        #expect(request.method == .get)
        #expect(request.path == "/")
        #expect(query(request) == ["key=hello"])
        #expect(request.headers["X-MyHeader"] == "123")
        #expect(request.headers["host"] == host)
        #expect(request.headers.count == 10)
        #expect(request.body.isEmpty)
        #expect(request.sourceAddress == address)
        #expect(request.requestID == nil)
        #expect(request.authorizer == nil)
    }

    @Test func `a load balancer's request of SAM's`() throws {
        let request = try Samples.request("sam/alb/ALBRequest.json")
        #expect(request.path == "/path/to/resource")
        #expect(query(request) == ["query=1234ABCD"])
        #expect(String(decoding: request.body, as: UTF8.self) == "{\"test\":\"body\"}")
        #expect(request.sourceAddress == "72.12.164.125")
    }

    /// The last one is the load balancer's own word; one that preserves the client's port writes it behind the address.
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("192.0.2.1:52417", "192.0.2.1"), ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:52417", "2001:db8::1"), ("198.51.100.7, 192.0.2.1:52417", "192.0.2.1"),
    ])
    func `a load balancer's client address`(forwarded: String, address: String) throws {
        let request = try request([
            "requestContext": ["elb": ["targetGroupArn": "arn:x"]], "httpMethod": "GET", "path": "/",
            "queryStringParameters": [:], "headers": ["x-forwarded-for": .string(forwarded)],
            "body": "", "isBase64Encoded": false,
        ])
        #expect(request.sourceAddress == address)
    }

    // MARK: Traps

    @Test func `a REST API writes null for what is not there`() throws {
        let request = try request([
            "resource": "/{proxy+}", "path": "/v1/jobs", "httpMethod": "GET", "headers": nil,
            "multiValueHeaders": nil,
            "queryStringParameters": nil, "multiValueQueryStringParameters": nil, "pathParameters": nil,
            "stageVariables": nil, "requestContext": ["stage": "prod", "identity": nil, "authorizer": nil],
            "body": nil, "isBase64Encoded": nil,
        ])
        #expect(request.path == "/v1/jobs")
        #expect(request.headers.count == 0)
        #expect(request.query.isEmpty)
        #expect(request.body.isEmpty)
        #expect(request.authorizer == nil)
        #expect(request.format == .restAPI)
    }

    @Test(arguments: [
        // The API's own domain: `path` has no stage, whatever it is called.
        ("/v1/jobs/1", "/v1/v1/jobs/1", "v1", "/{proxy+}", "v1/jobs/1", "/v1/jobs/1"),
        ("/prod/jobs", "/prod/prod/jobs", "prod", "/{proxy+}", "prod/jobs", "/prod/jobs"),
        // A custom domain's base path.
        ("/api/v1/jobs/1", "/api/v1/jobs/1", "prod", "/{proxy+}", "v1/jobs/1", "/v1/jobs/1"),
        ("/a/b/v1/jobs/1/", "/a/b/v1/jobs/1/", "v1", "/v1/jobs/{proxy}", "1", "/v1/jobs/1"),
        // A custom domain without one.
        ("/v1/jobs/1", "/v1/jobs/1", "v1", "/{proxy+}", "v1/jobs/1", "/v1/jobs/1"),
        // An HTTP API with payload 1.0, and a stage of its own.
        ("/prod/v1/jobs", "/prod/v1/jobs", "prod", "$default", "", "/v1/jobs"),
        ("/prod", "/prod", "prod", "$default", "", "/"),
        ("/production/jobs", "/production/jobs", "prod", "$default", "", "/production/jobs"),
        // Escaped, as the client wrote it.
        (
            "/v1/jobs/a%20b%2Fc", "/prod/v1/jobs/a%20b%2Fc", "prod", "/{proxy+}", "v1/jobs/a b/c",
            "/v1/jobs/a b/c"
        ),
        ("/v1/%zz", "/prod/v1/%zz", "prod", "/{proxy+}", "v1/%zz", "/v1/%zz"),
    ])
    func `a REST API's path is the API's own`(
        path: String, contextPath: String, stage: String, resource: String, proxy: String, expected: String
    ) throws {
        let request = try request([
            "resource": .string(resource), "path": .string(path), "httpMethod": "GET",
            "pathParameters": proxy.isEmpty ? nil : ["proxy": .string(proxy)],
            "requestContext": ["stage": .string(stage), "path": .string(contextPath), "identity": [:]],
        ])
        #expect(request.path == expected)
    }

    @Test(arguments: [
        ("/prod/v1/jobs", "prod", "/v1/jobs"), ("/prod", "prod", "/"), ("/v1/v1/jobs", "v1", "/v1/jobs"),
        ("/v1/jobs", "$default", "/v1/jobs"), ("/production", "prod", "/production"),
        // Decoded already: an escape that is left was the client's `%25`.
        ("/a%20b", "$default", "/a%20b"),
    ])
    func `an HTTP API's path loses its stage`(rawPath: String, stage: String, expected: String) throws {
        let request = try request([
            "version": "2.0", "rawPath": .string(rawPath), "rawQueryString": "",
            "requestContext": ["stage": .string(stage), "http": ["method": "GET"]],
        ])
        #expect(request.path == expected)
        #expect(request.format == .httpAPI)
    }

    @Test func `only the raw query is exact`() throws {
        let request = try request([
            "version": "2.0", "rawPath": "/",
            "rawQueryString": "a=1%2C2&a=3+4&b&c=%C3%A9&d=%zz&%zz=1&e=x%3Dy&&=",
            "queryStringParameters": ["a": "1,2,3 4"], "requestContext": ["http": ["method": "GET"]],
        ])
        #expect(query(request) == ["a=1,2", "a=3 4", "b=", "c=é", "d=%zz", "%zz=1", "e=x=y", "="])
    }

    @Test func `a load balancer's query and path are still escaped`() throws {
        let request = try request([
            "requestContext": ["elb": [:]], "httpMethod": "GET", "path": "/a%20b/c",
            "multiValueQueryStringParameters": ["na%20me": ["a%26b", "c+d"], "x": ["%zz"]],
            "multiValueHeaders": ["X-Forwarded-For": ["10.0.0.1, 1.2.3.4"], "x-a": ["1", "2"]],
        ])
        #expect(request.path == "/a b/c")
        #expect(query(request) == ["na me=a&b", "na me=c d", "x=%zz"])
        #expect(request.headers.values("X-A") == ["1", "2"])
        // The last is what the load balancer saw; the one before, anybody can send.
        #expect(request.sourceAddress == "1.2.3.4")
        #expect(request.format == .applicationLoadBalancerMultiValue)
    }

    @Test func `a REST API's repeated headers and query values all count`() throws {
        let request = try request([
            "path": "/", "httpMethod": "GET", "requestContext": ["stage": "prod"],
            "headers": ["x-a": "2"], "multiValueHeaders": ["x-a": ["1", "2"]],
            "queryStringParameters": ["a": "2"],
            "multiValueQueryStringParameters": ["a": ["1", "2"], "b": ["a+b"]],
        ])
        #expect(request.headers.values("X-A") == ["1", "2"])
        // Decoded by the gateway: a plus is one.
        #expect(query(request) == ["a=1", "a=2", "b=a+b"])
    }

    @Test func `IAM's caller is the authorizer of a REST API`() throws {
        let identity: JSON = ["userArn": "arn:aws:iam::1:user/u", "accountId": "1", "sourceIp": "1.2.3.4"]
        let request = try request([
            "path": "/", "httpMethod": "GET", "requestContext": ["stage": "prod", "identity": identity],
        ])
        #expect(request.authorizer == identity)
    }

    @Test func `a binary body is decoded`() throws {
        let request = try request([
            "version": "2.0", "rawPath": "/", "requestContext": ["http": ["method": "PUT"]], "body": "AP+A",
            "isBase64Encoded": true,
        ])
        #expect(request.body == [0x00, 0xFF, 0x80])
    }

    @Test(arguments: [
        ("lambda-go/apigw-v2-request-iam.json", HTTPEventFormat.httpAPI),
        ("lambda-go/lambda-urls-request.json", .functionURL),
        ("lambda-go/apigw-request.json", .restAPI),
        ("lambda-go/alb-lambda-target-request-headers-only.json", .applicationLoadBalancer),
        ("lambda-go/alb-lambda-target-request-multivalue-headers.json", .applicationLoadBalancerMultiValue),
    ])
    func `a body that is no base64 can still be answered`(name: String, format: HTTPEventFormat) throws {
        var event = try #require(try JSON(parsing: Samples.bytes(name)).object)
        event["isBase64Encoded"] = true
        event["body"] = "not base64!"
        let bytes = JSON.object(event).serialized()
        let error = #expect(throws: EventDecodingError.self) { try LambdaEvent(decoding: bytes) }
        #expect(error?.kind == .badBase64)
        #expect(error?.httpFormat == format)
    }

    @Test(
        arguments: [
            (["rawPath": 7], "neither an HTTP request nor records nor a scheduled event"),
            (["headers": "none"], "'headers' is not an object"),
            (["cookies": "a=b"], "'cookies' is not an array"),
            (["cookies": [1]], "'cookies' is not an array of strings"),
            (["body": 1], "'body' is not a string"),
            (["isBase64Encoded": "true"], "'isBase64Encoded' is not a boolean"),
            (["requestContext": ["http": [:]]], "'requestContext.http.method' is missing"),
            (["requestContext": ["http": 1]], "'requestContext.http' is not an object"),
        ] as [(JSON.Object, String)])
    func `a malformed event is refused where it is`(change: JSON.Object, description: String) throws {
        var event: JSON.Object = [
            "version": "2.0", "rawPath": "/", "requestContext": ["http": ["method": "GET"]],
        ]
        for (name, value) in change { event[name] = value }
        let bytes = JSON.object(event).serialized()
        let error = #expect(throws: EventDecodingError.self) { try LambdaEvent(decoding: bytes) }
        #expect(error?.description == description)
    }
}
