import HTTP
import JSON
import LambdaRuntime
import Testing

@Suite struct HTTPResponseTests {
    private let response = HTTPResponse(
        status: 202, headers: ["Content-Type": "application/json", "X-A": "1", "x-a": "2"],
        body: Array("{}".utf8),
        cookies: ["a=1; Secure", "b=2"])

    @Test(arguments: [
        (
            HTTPEventFormat.httpAPI,
            #"{"statusCode":202,"headers":{"Content-Type":"application/json","X-A":"1, 2"},"cookies":["a=1; Secure","b=2"],"body":"{}","isBase64Encoded":false}"#
        ),
        (
            .functionURL,
            #"{"statusCode":202,"headers":{"Content-Type":"application/json","X-A":"1, 2"},"cookies":["a=1; Secure","b=2"],"body":"{}","isBase64Encoded":false}"#
        ),
        (
            .restAPI,
            #"{"statusCode":202,"multiValueHeaders":{"Content-Type":["application/json"],"X-A":["1","2"],"Set-Cookie":["a=1; Secure","b=2"]},"body":"{}","isBase64Encoded":false}"#
        ),
        (
            .applicationLoadBalancer,
            #"{"statusCode":202,"headers":{"Content-Type":"application/json","X-A":"1, 2","Set-Cookie":"b=2"},"statusDescription":"202 Accepted","body":"{}","isBase64Encoded":false}"#
        ),
        (
            .applicationLoadBalancerMultiValue,
            #"{"statusCode":202,"multiValueHeaders":{"Content-Type":["application/json"],"X-A":["1","2"],"Set-Cookie":["a=1; Secure","b=2"]},"statusDescription":"202 Accepted","body":"{}","isBase64Encoded":false}"#
        ),
    ])
    func `each front end has its form`(format: HTTPEventFormat, document: String) {
        #expect(String(decoding: response.encoded(for: format), as: UTF8.self) == document)
    }

    @Test(arguments: HTTPEventFormat.allCases)
    func `a cookie among the headers is a cookie`(format: HTTPEventFormat) throws {
        let response = HTTPResponse(status: 200, headers: ["set-cookie": "a=1, x"], cookies: ["b=2"])
        let document = try JSON(parsing: response.encoded(for: format))
        switch format {
        case .httpAPI, .functionURL:
            #expect(document["cookies"] == ["a=1, x", "b=2"])
            #expect(document["headers"] == [:])
        case .applicationLoadBalancer: #expect(document["headers"] == ["Set-Cookie": "b=2"])
        case .restAPI, .applicationLoadBalancerMultiValue:
            #expect(document["multiValueHeaders"] == ["Set-Cookie": ["a=1, x", "b=2"]])
        }
    }

    @Test func `bytes that are no text go as base64`() throws {
        let document = try JSON(
            parsing: HTTPResponse(status: 200, body: [0x89, 0x50, 0x4E, 0x47]).encoded(for: .httpAPI))
        #expect(document["body"] == "iVBORw==")
        #expect(document["isBase64Encoded"] == true)
    }

    @Test func `an encoded body goes as base64 though it be text`() throws {
        let response = HTTPResponse(
            status: 200, headers: ["content-encoding": "gzip"], body: Array("text".utf8))
        let document = try JSON(parsing: response.encoded(for: .httpAPI))
        #expect(document["body"] == "dGV4dA==")
        #expect(document["isBase64Encoded"] == true)
    }

    @Test func `an empty answer has its parts`() throws {
        let document = HTTPResponse(status: 204).encoded(for: .applicationLoadBalancer)
        #expect(
            String(decoding: document, as: UTF8.self)
                == #"{"statusCode":204,"headers":{},"statusDescription":"204 No Content","body":"","isBase64Encoded":false}"#
        )
        let odd = try JSON(parsing: HTTPResponse(status: 299).encoded(for: .applicationLoadBalancer))
        #expect(odd["statusDescription"]?.string?.hasPrefix("299 ") == true)
    }
}
