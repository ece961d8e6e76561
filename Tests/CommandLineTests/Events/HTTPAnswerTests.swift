import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Testing

@testable import comfy_lambda

@Suite struct HTTPAnswerTests {
    private func response(_ answer: String, _ format: HTTPEventFormat = .httpAPI) -> ServerResponse {
        HTTPAnswer.response(to: .response(Array(answer.utf8)), for: format)
    }

    private func body(_ response: ServerResponse) -> String? {
        guard case .bytes(let bytes) = response.body else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func statusHeadersAndBodyArriveAsTheyAre() {
        let response = response(
            #"{"statusCode":202,"headers":{"Location":"/v1/jobs/1","X-Count":3},"body":"{\"a\":1}"}"#)
        #expect(response.status == 202)
        #expect(response.headers["Location"] == "/v1/jobs/1")
        #expect(response.headers["X-Count"] == "3")
        #expect(body(response) == #"{"a":1}"#)
    }

    @Test func aBase64BodyIsDecoded() {
        let response = response(
            #"{"statusCode":200,"headers":{"Content-Type":"image/png"},"body":"iVBORw==","isBase64Encoded":true}"#
        )
        guard case .bytes(let bytes) = response.body else { return }
        #expect(bytes == [0x89, 0x50, 0x4E, 0x47])
        #expect(response.headers["Content-Type"] == "image/png")
    }

    @Test func cookiesBecomeHeaders() {
        let response = response(#"{"statusCode":200,"cookies":["a=1; Path=/","b=2"]}"#)
        #expect(response.headers.values("Set-Cookie") == ["a=1; Path=/", "b=2"])
    }

    @Test func multiValuesWinOverSingleOnes() {
        let response = response(
            #"{"statusCode":200,"headers":{"A":"x","B":"y"},"multiValueHeaders":{"A":["1","2"]}}"#, .restAPI)
        #expect(response.headers.values("A") == ["1", "2"])
        #expect(response.headers.values("B") == ["y"])
    }

    @Test func headersOfTheConnectionAreTheServersOwn() {
        let response = response(
            #"{"statusCode":200,"headers":{"Content-Length":"7","Transfer-Encoding":"chunked","Date":"x"}}"#)
        #expect(response.headers.count == 0)
    }

    @Test func anyJSONIsABodyInVersion2() {
        let response = response(#"{"hello":"world"}"#)
        #expect(response.status == 200)
        #expect(response.headers["Content-Type"] == "application/json")
        #expect(body(response) == #"{"hello":"world"}"#)
        #expect(self.response(#"{"hello":"world"}"#, .restAPI).status == 502)
        #expect(self.response(#"{"hello":"world"}"#, .applicationLoadBalancer).status == 502)
    }

    @Test(arguments: [
        "", "no json", #"{"statusCode":99}"#, #"{"statusCode":1000}"#,
        #"{"statusCode":200,"body":"***","isBase64Encoded":true}"#, #"{"statusCode":200,"headers":{"A":{}}}"#,
        #"{"statusCode":200,"cookies":[1]}"#,
    ])
    func anAnswerWithoutSenseIsABadGateway(answer: String) {
        for format in HTTPEventFormat.allCases {
            #expect(response(answer, format).status == 502)
        }
    }

    @Test(arguments: [
        (HTTPEventFormat.httpAPI, #"{"message":"Internal Server Error"}"#),
        (.restAPI, #"{"message":"Internal server error"}"#),
        (.applicationLoadBalancer, "<html><head><title>502 Bad Gateway</title></head></html>\r\n"),
    ])
    func aFunctionErrorIsABadGatewayWithoutItsText(format: HTTPEventFormat, expected: String) {
        let failure = FunctionFailure(type: "Handler.Secret", message: "not for clients")
        let response = HTTPAnswer.response(to: .failure(failure), for: format)
        #expect(response.status == 502)
        #expect(body(response) == expected)
    }
}
