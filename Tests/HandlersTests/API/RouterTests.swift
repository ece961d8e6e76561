import HTTP
import LambdaRuntime
import Testing

@testable import Handlers

struct RouterTests {
    private let router = Router([
        Self.route(.get, "/v1/jobs", "list"),
        Self.route(.get, "/v1/jobs/{id}", "show"),
        Self.route(.delete, "/v1/jobs/{id}", "delete"),
        Self.route(.post, "/v1/jobs/{id}/cancel", "cancel"),
        Self.route(.get, "/v1/generate/{id}", "showGenerated"),
        Self.route(.post, "/v1/generate/batch", "batch"),
    ])

    private static func route(_ method: HTTPMethod, _ path: String, _ name: String) -> Route {
        Route(
            method, path, name, .open({ _ in HTTPResponse(status: 200) }),
            RouteDescription(summary: name, tag: .operation, answers: []))
    }

    @Test(arguments: [
        (HTTPMethod.get, "/v1/jobs", "list", [:]),
        (.get, "/v1/jobs/", "list", [:]),
        (.get, "/api/v1/jobs", "list", [:]),
        (.head, "/v1/jobs", "list", [:]),
        (.get, "/v1/jobs/abc", "show", ["id": "abc"]),
        (.get, "/v1/jobs/cancel", "show", ["id": "cancel"]),
        (.delete, "/api/v1/jobs/abc/", "delete", ["id": "abc"]),
        (.post, "/v1/jobs/abc/cancel", "cancel", ["id": "abc"]),
        (.post, "/v1/generate/batch", "batch", [:]),
    ])
    func finds(_ method: HTTPMethod, _ path: String, _ name: String, _ parameters: [String: String]) {
        guard case .route(let route, let found) = router.match(method, path) else {
            Issue.record("no route for \(method.rawValue) \(path)")
            return
        }
        #expect(route.name == name)
        #expect(found == parameters)
    }

    @Test(arguments: [
        "", "/", "/v1", "/v2/jobs", "/v1/jobs//", "/v1//jobs", "/V1/jobs", "/v1/jobs/a/b", "/api",
        "/api/api/v1/jobs",
        "/v1/jobs//cancel",
    ])
    func knowsNoOtherPath(_ path: String) {
        guard case .none = router.match(.get, path) else {
            Issue.record("a route for \(path)")
            return
        }
    }

    @Test(arguments: [
        (HTTPMethod.post, "/v1/jobs", "GET, HEAD, OPTIONS"),
        (.patch, "/v1/jobs/abc", "DELETE, GET, HEAD, OPTIONS"),
        (.get, "/v1/jobs/abc/cancel", "OPTIONS, POST"),
        (.head, "/v1/jobs/abc/cancel", "OPTIONS, POST"),
        // The exact path hides the one with a name in it.
        (.get, "/v1/generate/batch", "OPTIONS, POST"),
        (HTTPMethod(rawValue: "get"), "/v1/jobs", "GET, HEAD, OPTIONS"),
    ])
    func listsTheMethodsOfAKnownPath(_ method: HTTPMethod, _ path: String, _ allowed: String) {
        guard case .otherMethods(let methods) = router.match(method, path) else {
            Issue.record("\(method.rawValue) \(path) is not refused for its method")
            return
        }
        #expect(methods.map(\.rawValue).joined(separator: ", ") == allowed)
    }

    @Test func answersOptionsByItself() {
        guard case .options(let methods) = router.match(.options, "/v1/jobs/abc") else {
            Issue.record("no options")
            return
        }
        #expect(methods.map(\.rawValue) == ["DELETE", "GET", "HEAD", "OPTIONS"])
    }
}
