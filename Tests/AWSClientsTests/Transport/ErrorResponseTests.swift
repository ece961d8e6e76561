import HTTP
import JSON
import TestSupport
import Testing

@testable import AWSClients

/// An error case of AWS's own protocol tests.
struct ProtocolError: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let json: JSON
    let service: Service

    static let all: [ProtocolError] = [
        ("json_1_0", Service.dynamoDB), ("json_1_0-query-compatible", .sqs), ("query", .sns),
        ("rest-xml", .s3),
    ].flatMap { file, service in
        let suites =
            (try? JSON(parsing: (try? Fixtures.bytes("aws-protocols/\(file).json")) ?? []))?.array ?? []
        return suites.flatMap { $0["cases"]?.array ?? [] }.filter { $0["errorCode"] != nil }.map {
            ProtocolError(testDescription: $0["id"]?.string ?? "", json: $0, service: service)
        }
    }
}

@Suite struct ErrorResponseTests {
    @Test func everyCaseIsThere() { #expect(ProtocolError.all.count == 19) }

    @Test(arguments: ProtocolError.all)
    func readsAWSsOwnCases(_ example: ProtocolError) throws {
        let response = try #require(example.json["response"])
        var headers: HTTPHeaders = [:]
        for (name, value) in response["headers"]?.object ?? [:] { headers[name] = value.string }
        let error = ErrorResponse.read(
            status: try #require(response["status_code"]?.int), headers: headers,
            body: Array((response["body"]?.string ?? "").utf8), Operation(example.service, "Test"))
        #expect(error.code.rawValue == example.json["errorCode"]?.string)
        if let message = example.json["errorMessage"]?.string { #expect(error.message == message) }
        #expect(error.status == response["status_code"]?.int)
        if example.service == .sns { #expect(error.requestID == "foo-id") }
    }

    @Test(
        arguments: [
            "", "<html><body>502 Bad Gateway</body></html>", "<Error><Code>Slow", "{\"__type\":\"Thro",
            "null", "[]",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><Error><Code>&a;</Code></Error>", "{\"__type\":7}", "\u{0}\u{1}",
            "<Error><Code></Code></Error>", "{\"__type\":\"\"}",
        ], [Service.s3, .dynamoDB])
    func whateverTheBodyIsTheResultIsAnError(_ body: String, _ service: Service) {
        let error = ErrorResponse.read(
            status: 503, headers: ["x-amzn-requestid": "r-1"], body: Array(body.utf8),
            Operation(service, "Test"))
        #expect(error.code == .unknown)
        #expect(error.status == 503)
        #expect(error.requestID == "r-1")
        #expect(RetryPolicy.verdict(for: error) == .transient)
    }

    @Test func tenMegabytesAreNoMatterEither() {
        let error = ErrorResponse.read(
            status: 500, headers: [:], body: [UInt8](repeating: 0x3C, count: 10 << 20), Operation(.s3, "Test")
        )
        #expect(error.code == .unknown)
        #expect(error.message == "the answer's 10485760 bytes of unknown type name no error code")
    }

    @Test func aBareErrorOfS3() {
        let body = """
            <?xml version="1.0" encoding="UTF-8"?>
            <Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>\
            <Key>a&amp;b</Key><RequestId>4442587FB7D0A2F9</RequestId></Error>
            """
        let error = ErrorResponse.read(
            status: 404, headers: [:], body: Array(body.utf8), Operation(.s3, "GetObject"))
        #expect(error.code == .noSuchKey)
        #expect(
            error.description
                == "S3 GetObject failed: NoSuchKey: The specified key does not exist. "
                + "(HTTP 404, request 4442587FB7D0A2F9)")
    }

    @Test func aLongMessageIsCut() {
        let error = AWSError(code: .unknown, message: String(repeating: "m", count: 5000))
        #expect(error.message.count == 1025)
    }
}
