import HTTP
import JSON
import LocalServer
import Synchronization
import TestSupport
import Testing

@testable import comfy_lambda

/// keys against an API of the test's own.
@Suite(.timeLimit(.minutes(1))) struct KeysCommandTests {
    private static let id = "019a0000-0000-7000-8000-000000000000"

    /// What one request asked for.
    private struct Asked: Sendable, Equatable {
        let line: String
        var body: JSON?
        var authorization: String?
        var key: String?
        var isSigned = false
    }

    /// What `work` asks of an API that takes one password and one token.
    private static func asked(by work: (URL, EventLoop) async throws -> Void) async throws -> (
        requests: [Asked], failure: String?
    ) {
        let loop = EventLoop.onNewThread()
        let asked = Mutex<[Asked]>([])
        let server = try HTTPServer(on: loop) { request in
            let header = request.headers["authorization"]
            let isSigned = header?.hasPrefix("AWS4-HMAC-SHA256 ") == true
            let body = try? JSON(parsing: request.body)
            asked.withLock {
                $0.append(
                    Asked(
                        line: "\(request.method.rawValue) \(request.path)", body: body,
                        authorization: isSigned ? nil : header, key: request.headers["x-api-key"],
                        isSigned: isSigned))
            }
            func answer(_ status: Int, _ text: String = "") -> ServerResponse {
                ServerResponse(status: status, body: Array(text.utf8))
            }
            switch (request.method, request.path) {
            case (.post, "/v1/auth/login"):
                return body?["password"] == "right"
                    ? answer(200, #"{"access_token":"t1"}"#)
                    : answer(401, #"{"error":{"code":"UNAUTHENTICATED","message":"Not right."}}"#)
            case (.post, "/v1/auth/logout"): return answer(204)
            case (.get, "/v1/api-keys"):
                return answer(200, #"{"api_keys":[{"id":"\#(id)","name":"a","scopes":["files"]}]}"#)
            case (.post, "/v1/api-keys") where body?["name"] == "refused":
                return answer(409, #"{"error":{"code":"CONFLICT","message":"Too many."}}"#)
            case (.post, "/v1/api-keys"):
                return answer(201, #"{"id":"\#(id)","key":"comfy_pro_x"}"#)
            case (.delete, "/v1/api-keys/\(id)"): return answer(204)
            default: return answer(404, "{}")
            }
        }
        defer { server.stop() }
        let address = try #require(URL("http://127.0.0.1:\(server.port)"))
        var failure: String?
        do {
            try await work(address, loop)
        } catch {
            failure = "\(error)"
        }
        return (asked.withLock { $0 }, failure)
    }

    private static func run(_ words: [String], token: String? = "t0") async throws -> (
        requests: [Asked], failure: String?
    ) {
        try await asked { address, loop in
            let command = try KeysCommand(KeysCommand.syntax.parse(words))
            var environment = ["COMFY_LAMBDA_URL": "\(address)"]
            environment["COMFY_LAMBDA_TOKEN"] = token
            let context = CommandContext(
                loop: loop, console: Console(environment: [:], isJSON: true), environment: environment)
            #expect(try await loop.task { try await command.run(context) }.value == 0)
        }
    }

    @Test func aTokenMakesListsAndRevokes() async throws {
        let made = try await Self.run([
            "create", "--name", "website", "--scope", "files", "--scope", "jobs:read", "--expires-in-days",
            "90", "--requests-per-minute", "5",
        ])
        let body: JSON = [
            "name": "website", "scopes": ["files", "jobs:read"], "expires_in_days": 90,
            "requests_per_minute": 5,
        ]
        #expect(
            made.requests == [Asked(line: "POST /v1/api-keys", body: body, authorization: "Bearer t0")])
        let listed = try await Self.run(["list"])
        #expect(listed.requests.map(\.line) == ["GET /v1/api-keys"])
        let revoked = try await Self.run(["revoke", Self.id])
        #expect(revoked.requests.map(\.line) == ["DELETE /v1/api-keys/\(Self.id)"])
        #expect(made.failure == nil && listed.failure == nil && revoked.failure == nil)
    }

    @Test func aRefusalIsSaid() async throws {
        let run = try await Self.run(["create", "--name", "refused"])
        #expect(run.failure == "The API made no key: status 409, CONFLICT: Too many.")
    }

    @Test func aKeyIsNoPerson() async throws {
        let run = try await Self.run(["list"], token: "comfy_pro_x")
        #expect(run.requests.isEmpty)
        #expect(run.failure == "An API key cannot make, see or revoke keys: sign in with --email.")
        #expect(try await Self.run(["list"], token: nil).failure?.contains("Give --email") == true)
    }

    @Test func aSessionIsEndedWhateverCameOfIt() async throws {
        for fails in [false, true] {
            let run = try await Self.asked { address, loop in
                let api = try DeployedAPI(
                    address, .none, http: HTTPClient(loop: loop), environment: [:])
                let session = RemoteSession(api: api, email: "a@example.org", password: "right")
                try await session.during { _ = try await $0.call(.get, fails ? "/x" : "/v1/api-keys") }
            }
            #expect(run.requests.map(\.line).first == "POST /v1/auth/login")
            #expect(run.requests.map(\.line).last == "POST /v1/auth/logout")
            #expect(run.requests.dropFirst().allSatisfy { $0.authorization == "Bearer t1" })
        }
        let wrong = try await Self.asked { address, loop in
            let api = try DeployedAPI(address, .none, http: HTTPClient(loop: loop), environment: [:])
            try await RemoteSession(api: api, email: "a@example.org", password: "wrong").during { _ in }
        }
        #expect(wrong.requests.map(\.line) == ["POST /v1/auth/login"])
        #expect(wrong.failure == "You are not signed in: status 401, UNAUTHENTICATED: Not right.")
    }

    @Test func aKeyGoesBesideASignature() async throws {
        let run = try await Self.asked { address, loop in
            let api = try DeployedAPI(
                address,
                .init(signature: .init(service: "lambda", region: "us-east-1"), key: "comfy_pro_x"),
                http: HTTPClient(loop: loop),
                environment: ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"])
            _ = try await api.call(.get, "/v1/jobs")
        }
        #expect(run.requests == [Asked(line: "GET /v1/jobs", key: "comfy_pro_x", isSigned: true)])
    }

    @Test(arguments: [
        [], ["make"], ["create"], ["create", "--name", "x", "y"], ["revoke"], ["revoke", "7"], ["list", "x"],
        ["create", "--name", "x", "--expires-in-days", "0"],
    ])
    func whatCannotBeRunIsAUsageError(words: [String]) {
        #expect(throws: UsageError.self) { try KeysCommand(KeysCommand.syntax.parse(words)) }
    }
}
