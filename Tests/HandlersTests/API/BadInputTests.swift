import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing

@testable import Handlers

/// A request that is refused leaves nothing behind: no item, no object, no message.
@Suite(.timeLimit(.minutes(1)))
struct BadInputTests {
    /// A request and the answer it must get.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var method = HTTPMethod.post
        var path = "/v1/generate"
        var body = ""
        var status = 400
        var code: String
        /// A code that must be among `details.errors`.
        var fault: String?
        var testDescription: String { name }
    }

    private static func workflow(_ name: String, _ nodes: String, _ fault: String) -> Case {
        Case(
            name: name, path: "/v1/workflows/execute", body: #"{"workflow": \#(nodes)}"#,
            code: "INVALID_WORKFLOW", fault: fault)
    }

    private static let save =
        #""save": {"class_type": "SaveImage", "inputs": {"images": ["a", 0], "filename_prefix": "x"}}"#
    private static let empty =
        #"{"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}}"#

    static let cases = [
        Case(name: "body that is no JSON", body: "{prompt: a lighthouse}", code: "INVALID_JSON"),
        Case(name: "wrong type", body: #"{"prompt": 7}"#, code: "VALIDATION_ERROR", fault: "wrong_type"),
        Case(
            name: "out of range", body: #"{"prompt": "p", "steps": 151}"#, code: "VALIDATION_ERROR",
            fault: "out_of_range"),
        Case(
            name: "unknown field", body: #"{"prompt": "p", "step": 20}"#, code: "VALIDATION_ERROR",
            fault: "unknown_field"),
        workflow(
            "101 nodes",
            "{" + save + ", \"a\": " + empty
                + (0..<99).map { ", \"n\($0)\": \(empty)" }.joined() + "}", "too_many_nodes"),
        workflow(
            "cycle",
            #"{"a": {"class_type": "ImageInvert", "inputs": {"image": ["b", 0]}}, "b": {"class_type": "ImageInvert", "inputs": {"image": ["a", 0]}}, "#
                + save + "}", "cycle"),
        workflow("link to a missing node", "{" + save + "}", "missing_link_target"),
        workflow(
            "editor format", #"{"nodes": [{"id": 1, "type": "SaveImage"}], "links": []}"#, "editor_format"),
        workflow(
            "disallowed node", #"{"a": {"class_type": "LoadImageOutput", "inputs": {}}, "# + save + "}",
            "node_not_allowed"),
        workflow(
            "climbing file name",
            #"{"a": \#(empty), "save": {"class_type": "SaveImage", "inputs": {"images": ["a", 0], "filename_prefix": "../../x"}}}"#,
            "climbing_path"),
        Case(
            name: "body over 4 MB", body: #"{"prompt": ""# + String(repeating: "x", count: 4 << 20) + #""}"#,
            status: 413, code: "PAYLOAD_TOO_LARGE"),
        Case(
            name: "missing job id", method: .get, path: "/v1/jobs/0192a5b0-c0de-7abc-89ab-cdef01234567",
            status: 404, code: "NOT_FOUND"),
        Case(name: "job id that is none", method: .get, path: "/v1/jobs/x", status: 404, code: "NOT_FOUND"),
        Case(name: "cancel of a missing job", path: "/v1/jobs/x/cancel", status: 404, code: "NOT_FOUND"),
        Case(name: "unknown route", path: "/v1/generat", status: 404, code: "NOT_FOUND"),
        Case(
            name: "wrong method", method: .put, body: #"{"prompt": "p"}"#, status: 405,
            code: "METHOD_NOT_ALLOWED"),
        Case(
            name: "cursor that is none", method: .get, path: "/v1/jobs?cursor=x",
            code: "VALIDATION_ERROR", fault: "malformed"),
        Case(
            name: "list limit", method: .get, path: "/v1/jobs?limit=101", code: "VALIDATION_ERROR",
            fault: "out_of_range"),
        Case(
            name: "unknown state", method: .get, path: "/v1/jobs?status=done", code: "VALIDATION_ERROR",
            fault: "not_a_choice"),
    ]

    @Test(arguments: cases)
    func leavesNothingBehind(_ wrong: Case) async throws {
        let stack = try await LocalStack.start()
        let parts = wrong.path.split(separator: "?", maxSplits: 1)
        let answer = await stack.bench.send(
            HTTPRequest(
                wrong.method, String(parts[0]),
                query: parts.count > 1 ? URL.queryItems(String(parts[1])) ?? [] : [],
                headers: ["Content-Type": "application/json", "Idempotency-Key": "k"],
                body: Array(wrong.body.utf8)))
        #expect(answer.status == wrong.status)
        #expect(answer.code == wrong.code)
        if let fault = wrong.fault { #expect(answer.faults.contains(fault), "\(answer.faults)") }
        #expect(try await stack.remains() == .init(items: 0, objects: 0, messages: 0))
    }

    @Test func base64ThatIsNone() async throws {
        let stack = try await LocalStack.start()
        var event = try #require(try JSON(parsing: Fixtures.bytes("api/http-api.json")).object)
        event["rawPath"] = "/v1/generate"
        event["isBase64Encoded"] = true
        event["body"] = "not base64!"
        let answer = try await stack.bench.invoke(JSON.object(event).serialized())
        #expect(answer["statusCode"] == 400)
        #expect(try await stack.remains() == .init(items: 0, objects: 0, messages: 0))
    }

    /// Every route that names a job, with another user's.
    @Test func aForeignJobIsNotThere() async throws {
        let stack = try await LocalStack.start(["AUTH_MODE": "both", "GATEWAY_AUTHORIZER": "true"])
        let alice: JSON = ["jwt": ["claims": ["iss": "https://issuer.example", "sub": "alice"]]]
        let mallory: JSON = ["jwt": ["claims": ["iss": "https://issuer.example", "sub": "mallory"]]]
        let id = try await stack.submit(as: alice)
        let before = try await stack.remains()
        for route in API.router(stack.services).routes {
            let pattern = route.path.description
            guard pattern.hasPrefix("/v1/jobs/{id}") || pattern.hasPrefix("/v1/generate/{id}") else {
                continue
            }
            let path = pattern.split(separator: "{id}", omittingEmptySubsequences: false)
                .joined(separator: "\(id)")
            let answer = await stack.bench.send(HTTPRequest(route.method, path, authorizer: mallory))
            #expect(answer.status == 404, "\(path)")
            #expect(answer.code == "NOT_FOUND")
        }
        let list = await stack.bench.get("/v1/jobs", as: mallory)
        #expect(list.json == ["jobs": [], "next_cursor": nil])
        #expect(await stack.bench.get("/v1/jobs/\(id)", as: alice).json?["status"] == "queued")
        // What was counted and told of Mallory aside.
        let after = try await stack.remains()
        #expect((after.objects, after.messages) == (before.objects, before.messages))
    }
}
