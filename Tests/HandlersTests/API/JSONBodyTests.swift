import HTTP
import JSON
import LambdaRuntime
import Testing

@testable import Handlers

/// Shared by the tests of what is in a body.
enum JSONTestBody {
    static func object(_ text: String) throws -> JSON.Object? { try JSON(parsing: text).object }
}

struct JSONBodyTests {
    private func request(_ body: String, _ headers: HTTPHeaders) -> HTTPRequest {
        HTTPRequest(.post, "/v1/generate", headers: headers, body: Array(body.utf8))
    }

    @Test(
        arguments: [
            ["Content-Type": "application/json"], ["content-type": "application/json; charset=utf-8"],
            [:], ["Content-Type": ""],
            // What `curl -d` sends unless told otherwise.
            ["Content-Type": "application/x-www-form-urlencoded"],
            ["Content-Type": "application/json", "Origin": "https://a.example"],
        ] as [HTTPHeaders])
    func isReadWhateverCurlCallsIt(_ headers: HTTPHeaders) throws {
        let object = try JSONBody.object(of: request(#"{"prompt":"a lighthouse"}"#, headers))
        #expect(object["prompt"] == "a lighthouse")
    }

    @Test(
        arguments: [
            (#"{"a":1}"#, ["Content-Type": "text/plain"]),
            (#"{"a":1}"#, ["Content-Type": "application/json; charset=utf-16"]),
            (#"{"a":1}"#, ["Content-Type": "multipart/form-data; boundary=x"]),
            // A real form.
            ("prompt=a+lighthouse", ["Content-Type": "application/x-www-form-urlencoded"]),
            ("[1]", ["Content-Type": "application/x-www-form-urlencoded"]),
            // What a page of another origin may send without asking.
            (
                #"{"a":1}"#,
                ["Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example"]
            ),
            (#"{"a":1}"#, ["Origin": "https://evil.example"]),
        ] as [(String, HTTPHeaders)])
    func isRefusedForItsType(_ body: String, _ headers: HTTPHeaders) {
        let error = #expect(throws: APIError.self) { try JSONBody.object(of: request(body, headers)) }
        #expect(error?.code == .unsupportedMediaType)
        #expect(error?.code.status == 415)
    }

    @Test(arguments: [
        ("{", 1), (#"{"a": 01}"#, 7), (#"{"a":1} x"#, 8), ("{'a':1}", 1),
    ])
    func tellsWhereItIsNoJSON(_ body: String, _ offset: Int) {
        let error = #expect(throws: APIError.self) {
            try JSONBody.object(of: request(body, ["Content-Type": "application/json"]))
        }
        #expect(error?.code == .invalidJSON)
        #expect(error?.details == ["offset": .number(offset)])
    }

    @Test func isAnObject() {
        for body in ["[]", "null", "7", #""x""#] {
            let error = #expect(throws: APIError.self) { try JSONBody.object(of: request(body, [:])) }
            #expect(error?.code == .validationError)
        }
        let error = #expect(throws: APIError.self) { try JSONBody.object(of: request("", [:])) }
        #expect(error?.code == .invalidJSON)
    }

    @Test func whoTakesNoFieldsRefusesThem() throws {
        try JSONBody.expectNone(of: request("", [:]))
        try JSONBody.expectNone(of: request("{}", ["Content-Type": "application/json"]))
        let error = #expect(throws: APIError.self) {
            try JSONBody.expectNone(of: request(#"{"force": true}"#, [:]))
        }
        #expect(error?.message == "'force' is no field of this request.")
    }
}
