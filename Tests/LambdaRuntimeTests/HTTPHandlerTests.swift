import HTTP
import JSON
import TestSupport
import Testing
import Time

@testable import LambdaRuntime

@Suite struct HTTPHandlerTests {
    /// Says what it was asked.
    private struct Asked: HTTPHandler {
        func respond(to request: HTTPRequest, _ context: InvocationContext) async throws -> HTTPResponse {
            HTTPResponse(
                status: 200, headers: ["X-Id": context.requestID],
                body: Array("\(request.method.rawValue) \(request.path) \(request.format.rawValue)".utf8))
        }
    }

    private static let context = InvocationContext(requestID: "r-1", deadline: .now + .seconds(3))

    @Test(arguments: [
        (
            #"{"version":"2.0","rawPath":"/a","requestContext":{"http":{"method":"GET"}}}"#, "GET /a httpAPI",
            "headers"
        ),
        (
            #"{"version":"2.0","rawPath":"/a","requestContext":{"domainName":"x.lambda-url.eu-west-1.on.aws","http":{"method":"GET"}}}"#,
            "GET /a functionURL", "headers"
        ),
        (
            #"{"httpMethod":"GET","path":"/a","headers":{},"requestContext":{"identity":{}}}"#,
            "GET /a restAPI",
            "multiValueHeaders"
        ),
        (
            #"{"httpMethod":"GET","path":"/a","headers":{},"requestContext":{"elb":{}}}"#,
            "GET /a applicationLoadBalancer", "headers"
        ),
    ])
    func `a request of each front end is answered in its own form`(
        event: String, body: String, headers: String
    )
        async throws
    {
        let answer = try JSON(parsing: try await Asked().handle(Array(event.utf8), Self.context))
        #expect(answer["statusCode"] == 200)
        #expect(answer["body"]?.string == body)
        let id = answer[headers]?["X-Id"]
        #expect(id == "r-1" || id?.array == ["r-1"])
    }

    @Test func `a body that is no base64 is the client's fault`() async throws {
        let event =
            #"{"version":"2.0","rawPath":"/a","body":"*","isBase64Encoded":true,"requestContext":{"http":{"method":"GET"}}}"#
        let answer = try JSON(parsing: try await Asked().handle(Array(event.utf8), Self.context))
        #expect(answer["statusCode"] == 400)
    }

    @Test(arguments: [
        ("{", "Event.Malformed"), (#"{"Records":[{"eventSource":"aws:sqs"}]}"#, "Event.Malformed"),
        (#"{"Records":[]}"#, "Event.Malformed"),
        (
            #"{"detail-type":"Scheduled Event","id":"i","time":"2026-01-01T00:00:00Z","resources":[],"source":"aws.events","account":"1","region":"r","detail":{}}"#,
            "Event.NotHTTP"
        ),
    ])
    func `an event that is no request fails the invocation`(event: String, type: String) async throws {
        let error = await #expect(throws: FunctionError.self) {
            _ = try await Asked().handle(Array(event.utf8), Self.context)
        }
        #expect(error?.type == type)
    }
}
