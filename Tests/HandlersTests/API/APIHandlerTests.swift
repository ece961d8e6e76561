import Crypto
import HTTP
import JSON
import LambdaRuntime
import TestSupport
import Testing

@testable import Handlers

/// Everything here is answered without a call to AWS.
@Suite(.timeLimit(.minutes(1)))
struct APIHandlerTests {
    private func bench(_ changes: [String: String] = [:]) throws -> APIBench {
        try APIBench.offline(on: testLoop, changes)
    }

    @Test(arguments: [
        "rest-api", "http-api", "http-api-base64", "function-url", "alb", "alb-multi-value",
    ])
    func everyFrontEndGetsTheSameAnswer(_ name: String) async throws {
        let answer = try await bench().invoke(try Fixtures.bytes("api/\(name).json"))
        #expect(answer["statusCode"] == 200)
        let body = try #require(answer["body"]?.string)
        let plain = answer["isBase64Encoded"] == true ? Base64.decode(body) : Array(body.utf8)
        #expect(
            try JSON(parsing: try #require(plain))
                == [
                    "valid": true, "errors": [], "nodes": 2, "outputs": ["2"], "pictures": 1,
                    "checkpoint": nil, "estimated_start_at": nil, "estimated_seconds": nil,
                ])
        let requestID =
            answer["headers"]?["X-Request-Id"] ?? answer["multiValueHeaders"]?["X-Request-Id"]?[0]
        let expected =
            switch name {
            case "rest-api": "deef4878-7910-11e6-8f14-25afc3e9ae33"
            // A load balancer gives no id of its own.
            case "alb", "alb-multi-value": "invocation-1"
            default: "id"
            }
        #expect(requestID?.string == expected)
    }

    @Test(arguments: ["rest-api", "http-api", "function-url", "alb", "alb-multi-value"])
    func brokenBase64IsTheClientsFault(_ name: String) async throws {
        var event = try #require(try JSON(parsing: Fixtures.bytes("api/\(name).json")).object)
        event["isBase64Encoded"] = true
        event["body"] = "%%%"
        let answer = try await bench().invoke(JSON.object(event).serialized())
        #expect(answer["statusCode"] == 400)
        let body = try JSON(parsing: try #require(answer["body"]?.string))
        #expect(body["error"]?["code"] == "INVALID_JSON")
        #expect(body["error"]?["request_id"] == "invocation-1")
    }

    @Test(arguments: [
        "no JSON", "[]", "{}", #"{"Records": []}"#,
    ])
    func anEventOfAnotherKindFailsTheInvocation(_ event: String) async throws {
        let bench = try bench()
        await #expect(throws: FunctionError.self) { try await bench.invoke(Array(event.utf8)) }
    }

    @Test(arguments: ["/health", "/health/", "/health/live", "/health/liveness/", "/api/health"])
    func livesWithoutAnybodySigningIn(_ path: String) async throws {
        let answer = await (try bench(["AUTH_MODE": "both", "GATEWAY_AUTHORIZER": "true"])).get(path)
        #expect(answer.status == 200)
        #expect(answer.json == ["status": "ok"])
        #expect(answer.headers["Cache-Control"] == "no-store")
        #expect(answer.headers["X-Request-Id"] == "invocation-1")
    }

    @Test func readinessTellsWhatIsAway() async throws {
        let answer = await (try bench()).get("/health/ready")
        #expect(answer.status == 503)
        #expect(answer.code == "SERVICE_UNAVAILABLE")
        #expect(answer.headers["Retry-After"] == "5")
        #expect(
            answer.json?["error"]?["details"]
                == ["dynamodb": "unavailable", "s3": "unavailable", "workers": nil, "workers_alive": nil])
    }

    @Test func awsTroubleIs503AndShowsNothingInternal() async throws {
        let answer = await (try bench()).get("/v1/jobs/0192a5b0-c0de-7abc-89ab-cdef01234567")
        #expect(answer.status == 503)
        #expect(answer.code == "SERVICE_UNAVAILABLE")
        #expect(answer.headers["Retry-After"] == "5")
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(!text.contains("127.0.0.1"))
        #expect(!text.contains("Dynamo"))
    }

    @Test(arguments: [
        (HTTPMethod.get, "/v1/nothing"), (.get, "/"), (.options, "/v1/nothing"), (.get, "/v1/jobs/a/b/c"),
    ])
    func anUnknownRouteIs404(_ method: HTTPMethod, _ path: String) async throws {
        let answer = await (try bench()).send(HTTPRequest(method, path))
        #expect(answer.status == 404)
        #expect(answer.code == "NOT_FOUND")
    }

    @Test(arguments: [
        (HTTPMethod.get, "/v1/generate", "OPTIONS, POST"),
        (.delete, "/v1/jobs", "GET, HEAD, OPTIONS"),
        (.get, "/v1/jobs/x/cancel", "OPTIONS, POST"),
        (.post, "/health", "GET, HEAD, OPTIONS"),
    ])
    func aWrongMethodIs405(_ method: HTTPMethod, _ path: String, _ allowed: String) async throws {
        let answer = await (try bench()).send(HTTPRequest(method, path))
        #expect(answer.status == 405)
        #expect(answer.code == "METHOD_NOT_ALLOWED")
        #expect(answer.headers["Allow"] == allowed)
    }

    @Test func preflightNeedsNoIdentity() async throws {
        let bench = try bench([
            "AUTH_MODE": "both", "GATEWAY_AUTHORIZER": "true", "CORS_ALLOWED_ORIGINS": "https://a.example",
        ])
        let answer = await bench.send(
            HTTPRequest(
                .options, "/v1/generate",
                headers: ["Origin": "https://a.example", "Access-Control-Request-Method": "POST"]))
        #expect(answer.status == 204)
        #expect(answer.body == [])
        #expect(answer.headers["Access-Control-Allow-Origin"] == "https://a.example")
        #expect(answer.headers["Access-Control-Allow-Methods"] == "OPTIONS, POST")
        #expect(answer.headers["Allow"] == "OPTIONS, POST")
    }

    /// The table itself says which routes ask for nobody: a new one must not slip in.
    @Test func onlyHealthTheContractAndSigningInAreOpen() async throws {
        let open: Set = ["/openapi.json", "/docs", "/v1/auth/register", "/v1/auth/login", "/v1/auth/refresh"]
        let bench = try bench(["AUTH_MODE": "both", "GATEWAY_AUTHORIZER": "true"])
        for route in API.router(bench.services).routes {
            let path = route.path.description.split(separator: "{id}", omittingEmptySubsequences: false)
                .joined(separator: "0192a5b0-c0de-7abc-89ab-cdef01234567")
            let answer = await bench.send(HTTPRequest(route.method, path))
            if path.hasPrefix("/health") || open.contains(path) {
                #expect(answer.status != 401, "\(path)")
            } else {
                #expect(answer.status == 401, "\(path)")
                #expect(answer.code == "UNAUTHENTICATED")
                #expect(answer.headers["WWW-Authenticate"] != nil)
            }
        }
    }

    @Test func namesOfOperationsAreUnique() throws {
        let names = API.router(try bench().services).routes.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func aWorkflowsFaultsAreAnAnswerToValidate() async throws {
        let answer = await (try bench()).post(
            "/v1/workflows/validate",
            #"{"workflow": {"1": {"class_type": "Nonsense", "inputs": {"image": ["2", 0]}}}}"#)
        #expect(answer.status == 200)
        #expect(answer.json?["valid"] == false)
        let codes = answer.json?["errors"]?.array?.compactMap { $0["code"]?.string } ?? []
        #expect(codes.contains("node_not_allowed"))
        #expect(codes.contains("missing_link_target"))
    }

    @Test func theReadmesCurlWorks() async throws {
        let answer = await (try bench()).post(
            "/v1/workflows/validate", #"{"workflow": {}}"#,
            headers: ["Content-Type": "application/x-www-form-urlencoded"])
        #expect(answer.status == 200)
    }
}
