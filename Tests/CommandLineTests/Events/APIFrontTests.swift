import HTTP
import JSON
import LambdaRuntime
import LocalServer
import Testing

@testable import comfy_lambda

/// HTTP in, events to a scripted runtime, HTTP out.
@Suite(.timeLimit(.minutes(1))) struct APIFrontTests {
    private static func exchange(
        _ body: JSON, path: String = "/v1/x", timeout: Duration = .seconds(30)
    ) async throws -> HTTPClient.Response {
        try await ScriptedFunction.with { scripted, loop in
            let front = APIFront(function: scripted.function, format: .httpAPI, loop: loop, timeout: timeout)
            let server = try front.listen(port: 0)
            defer { server.stop() }
            let url = try #require(URL("http://127.0.0.1:\(server.port)\(path)"))
            let request = HTTPClient.Request(
                .post, url, headers: ["Content-Type": "application/json"], body: .bytes(body.serialized()))
            return try await HTTPClient(loop: loop).send(request)
        }
    }

    @Test func aRequestIsAnEventAndItsAnswerAResponse() async throws {
        let response = try await Self.exchange([
            "answer": ["statusCode": 201, "headers": ["X-A": "b"], "cookies": ["c=d"], "body": "hello"]
        ])
        #expect(response.status == 201)
        #expect(response.headers["x-a"] == "b")
        #expect(response.headers["set-cookie"] == "c=d")
        #expect(response.headers["apigw-requestid"]?.count == 36)
        #expect(response.body == Array("hello".utf8))
    }

    @Test(arguments: [["do": "raise"], ["do": "exit", "status": 1]] as [JSON])
    func aFunctionErrorIsABadGateway(event: JSON) async throws {
        let response = try await Self.exchange(event)
        #expect(response.status == 502)
        #expect(String(decoding: response.body, as: UTF8.self) == #"{"message":"Internal Server Error"}"#)
    }

    @Test func theGatewayDoesNotWaitForEver() async throws {
        let response = try await Self.exchange(["do": "hang"], timeout: .milliseconds(200))
        #expect(response.status == 504)
        #expect(
            String(decoding: response.body, as: UTF8.self) == #"{"message":"Endpoint request timed out"}"#)
    }

    /// It fits the gateway's 10 MB, but not Lambda's 6.
    @Test func anEventOverLambdasLimitIsRefused() async throws {
        let response = try await Self.exchange(["x": .string(String(repeating: "x", count: 6 << 20))])
        #expect(response.status == 413)
        #expect(String(decoding: response.body, as: UTF8.self) == #"{"message":"Request Entity Too Large"}"#)
    }

    @Test func aBodyOverTheGatewaysLimitIsRefused() async throws {
        let response = try await Self.exchange(["x": .string(String(repeating: "x", count: 10 << 20))])
        #expect(response.status == 413)
    }

    @Test func aTargetThatCannotBeDecodedIsABadRequest() async throws {
        let response = try await Self.exchange([:], path: "/a%FFb")
        #expect(response.status == 400)
    }

    /// DNS rebinding: the name is the other site's, the address ours.
    @Test(
        arguments: [
            ("127.0.0.1:8000", true), ("localhost", true), ("LOCALHOST:80", true), ("[::1]:8000", true),
            ("api.localhost:8000", true), ("attacker.example", false), ("attacker.example:8000", false),
            ("127.0.0.1.attacker.example", false), ("notlocalhost", false), ("[::2]:8000", false),
            ("", false),
        ] as [(String, Bool)])
    func onlyThisMachinesNamesAreAnsweredTo(host: String, isAnswered: Bool) {
        let request = ServerRequest(.get, target: "/", headers: ["Host": host])
        #expect(APIFront.isForThisMachine(request) == isAnswered)
    }

    @Test func aRequestForAnotherNameReachesNoFunction() async throws {
        try await ScriptedFunction.with { scripted, loop in
            let front = APIFront(function: scripted.function, format: .httpAPI, loop: loop)
            let request = ServerRequest(
                .post, target: "/v1/x", headers: ["Host": "attacker.example"],
                body: Array(#"{"answer":{"statusCode":201}}"#.utf8))
            #expect(await front.answer(request).status == 421)
        }
    }
}
